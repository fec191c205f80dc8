"""What our sampler for torchrl does beside drawing: generations, generators, saving, errors."""

from __future__ import annotations

import copy
import pickle
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from dropin.torchrl.masses import masses_of
from torchrl.data import (
    LazyTensorStorage,
    ReplayBuffer,
    ReplayBufferEnsemble,
    RoundRobinWriter,
    TensorDictPrioritizedReplayBuffer,
)
from torchrl.data.replay_buffers import samplers

from dqn_fast.dropin.torchrl import PrioritizedSampler


def filled(count: int = 8, capacity: int = 10, seed: int | None = None, **options: Any) -> Any:
    """A buffer whose items have priorities 1, 2, 3, …"""
    sampler = PrioritizedSampler(capacity, **{"alpha": 1.0, "beta": 1.0, **options})
    buffer = ReplayBuffer(
        storage=LazyTensorStorage(capacity),
        sampler=sampler,
        writer=RoundRobinWriter(track_generations=True),
    )
    if seed is not None:
        buffer.set_rng(torch.Generator().manual_seed(seed))
    buffer.update_priority(buffer.extend(torch.arange(float(count))), torch.arange(1.0, count + 1))
    return buffer


def test_it_is_torchrls_sampler_to_whoever_asks() -> None:
    assert isinstance(PrioritizedSampler(4, 0.7, 0.9), samplers.PrioritizedSampler)
    assert repr(PrioritizedSampler(4, 0.7, 0.9)).startswith("PrioritizedSampler(alpha=0.7, beta=0.9")
    assert PrioritizedSampler(4, 0.7, 0.9).device == torch.device("cpu")


def test_a_batch_whose_slots_were_written_since_leaves_their_priorities_alone() -> None:
    buffer = filled()
    _, info = buffer.sample(200, return_info=True)
    buffer.extend(torch.arange(4.0))  # slots 8, 9, 0 and 1
    before = masses_of(buffer.sampler)
    index, generation = info["index"], info["index_generation"]
    update = {"storage": buffer.storage, "generation": generation}
    buffer.sampler.update_priority(index, torch.full((200,), 0.5), **update)
    after = masses_of(buffer.sampler)
    assert (after[[0, 1, 8, 9]] == before[[0, 1, 8, 9]]).all()
    assert after[2:8] == pytest.approx(0.5)
    buffer.sampler.update_priority(torch.tensor([-1, 0]), 7.0, storage=buffer.storage, generation=[3, 0])
    assert (masses_of(buffer.sampler) == after).all()
    buffer.sampler.update_priority(torch.tensor([0]), 7.0, storage=buffer.storage, generation=[-1])
    assert masses_of(buffer.sampler)[0] == pytest.approx(7.0)  # -1: torchrl does not know


def test_generations_that_nobody_counts_are_an_error() -> None:
    buffer = ReplayBuffer(storage=LazyTensorStorage(4), sampler=PrioritizedSampler(4, 0.7, 0.9))
    buffer.extend(torch.arange(3.0))
    for storage in (buffer.storage, None):
        with pytest.raises(ValueError, match=r"generation: got one, expected none .*track_generations=True"):
            buffer.sampler.update_priority(torch.tensor([0]), 1.0, storage=storage, generation=[0])
    with pytest.raises(ValueError, match="generation: got 2, expected 1"):
        filled().sampler.update_priority([0], 1.0, storage=filled().storage, generation=[0, 0])


def test_the_generator_of_numpy_or_of_the_buffer_decides_the_draws() -> None:
    buffer = filled()
    np.random.seed(3)  # noqa: NPY002 (the one that torchrl draws from)
    first = buffer.sample(16), buffer.sample(16)
    np.random.seed(3)  # noqa: NPY002 (the one that torchrl draws from)
    assert all((a == buffer.sample(16)).all() for a in first)
    assert not torch.equal(*first)
    generator = torch.Generator().manual_seed(0)
    buffer.set_rng(generator)
    state = generator.get_state()
    first = buffer.sample(16), buffer.sample(16)
    np.random.seed(4)  # noqa: NPY002
    generator.set_state(state)
    assert all((a == buffer.sample(16)).all() for a in first)


@pytest.mark.parametrize("how", ["state_dict", "torch.save", "dumps", "pickle", "deepcopy"])
def test_a_saved_sampler_goes_on(how: str, tmp_path: Path) -> None:
    buffer, other = filled(seed=1, alpha=0.6, beta=0.5), filled(3, seed=2)
    if how == "state_dict":
        other.load_state_dict(buffer.state_dict())
    elif how == "torch.save":
        torch.save(buffer.sampler.state_dict(), tmp_path / "state")
        other.load_state_dict(buffer.state_dict())
        other.sampler.load_state_dict(torch.load(tmp_path / "state", weights_only=True))
    elif how == "dumps":
        buffer.dumps(tmp_path / "buffer")
        buffer.dumps(tmp_path / "buffer")  # over the first one
        other.loads(tmp_path / "buffer")
    else:
        sampler = (
            pickle.loads(pickle.dumps(buffer.sampler)) if how == "pickle" else copy.deepcopy(buffer.sampler)
        )
        other.load_state_dict(buffer.state_dict())
        other.set_sampler(sampler)
    assert (other.sampler.alpha, other.sampler.beta, other.sampler.eps) == (0.6, 0.5, 1e-8)
    assert (masses_of(other.sampler) == masses_of(buffer.sampler)).all()
    assert other.sampler.default_priority == buffer.sampler.default_priority == pytest.approx(8.0)
    for one in (buffer, other):
        one.set_rng(torch.Generator().manual_seed(5))
    assert (buffer.sample(16) == other.sample(16)).all()
    other.sampler.update_priority(torch.tensor([0]), 100.0)
    assert masses_of(buffer.sampler)[0] == pytest.approx(1.0)  # nothing is shared


def test_what_cannot_be_loaded_says_so(tmp_path: Path) -> None:
    sampler = PrioritizedSampler(10, 0.7, 0.9)
    with pytest.raises(ValueError, match=r"state_dict: got keys .*'_sum_tree'"):
        sampler.load_state_dict({"_sum_tree": None, "_alpha": 0.7})
    other = PrioritizedSampler(11, 0.7, 0.9)
    with pytest.raises(ValueError, match="max_capacity: got a saved sampler of 11, expected 10"):
        sampler.load_state_dict(other.state_dict())
    other.dumps(tmp_path)
    with pytest.raises(ValueError, match="max_capacity: got a saved sampler of 11, expected 10"):
        sampler.loads(tmp_path)
    damaged = sampler.state_dict()
    damaged["index"][40] += 1
    with pytest.raises(ValueError, match="altered"):
        sampler.load_state_dict(damaged)
    with pytest.raises(FileNotFoundError):
        sampler.loads(tmp_path / "nowhere")


def test_an_emptied_buffer_begins_anew() -> None:
    buffer = filled()
    buffer.empty()
    with pytest.raises(RuntimeError, match="empty storage"):
        buffer.sample(16)
    buffer.extend(torch.arange(2.0))
    assert masses_of(buffer.sampler) == pytest.approx([1.0, 1.0, *[0.0] * 8])
    assert set(buffer.sample(100).tolist()) == {0.0, 1.0}


def test_items_that_a_storage_does_not_hold_any_more_are_not_drawn() -> None:
    buffer = filled()
    buffer.storage._len = 3
    assert set(buffer.sample(100).tolist()) == {0.0, 1.0, 2.0}


def test_a_storage_of_more_items_than_it_was_said_to_hold() -> None:
    """torchrl's trees have room up to the next power of two, and its own tests live on it."""
    buffer = ReplayBuffer(storage=LazyTensorStorage(50), sampler=PrioritizedSampler(5, 1.0, 1.0, eps=0.0))
    for start in range(0, 50, 10):
        index = buffer.extend(torch.arange(start, start + 10.0))
        buffer.update_priority(index, torch.arange(start, start + 10.0))
    assert masses_of(buffer.sampler)[:50] == pytest.approx(np.arange(50.0))
    assert buffer.sampler.default_priority == 49.0
    with pytest.raises(IndexError, match="leaves: got 200"):
        buffer.update_priority(200, 1.0)


def test_a_largest_priority_within_the_buffer() -> None:
    sampler = PrioritizedSampler(5, alpha=0.6, beta=0.9, max_priority_within_buffer=True)
    assert sampler.default_priority == 1.0
    sampler.update_priority(torch.tensor([0, 1]), torch.tensor([100.0, 10.0]))
    assert sampler.default_priority == pytest.approx(100.0)
    sampler.update_priority(torch.tensor([0]), torch.tensor([50.0]))
    assert sampler.default_priority == pytest.approx(50.0)
    sampler.mark_update(torch.tensor([2]))
    assert masses_of(sampler)[2] == pytest.approx(50**0.6)
    sampler.update_priority(torch.tensor([0, 2]), torch.tensor([0.1, 0.2]))
    assert sampler.default_priority == pytest.approx(10.0)
    sampler.update_priority(torch.tensor([1]), torch.tensor([20.0]))
    assert sampler.default_priority == pytest.approx(20.0)
    sampler.alpha = 0.5
    assert sampler.default_priority == pytest.approx(20.0)
    sampler._empty()
    assert sampler.default_priority == 1.0


def test_alpha_away_from_zero_warns_and_keeps_equal_masses() -> None:
    sampler = PrioritizedSampler(5, alpha=0.0, beta=0.9)
    sampler.alpha = 0.5  # nothing is held: nothing to say
    sampler.alpha = 0.0
    sampler.update_priority(torch.tensor([0, 1]), torch.tensor([3.0, 4.0]))
    with pytest.warns(UserWarning, match="alpha: got 0.5 after 0"):
        sampler.alpha = 0.5
    assert masses_of(sampler)[:2] == pytest.approx([1.0, 1.0])
    assert sampler.default_priority == pytest.approx(4.0)


def test_a_member_of_an_ensemble() -> None:
    ensemble = ReplayBufferEnsemble(filled(), filled(3), batch_size=12)
    assert ensemble.sample().shape[0] == 2


def test_the_buffer_that_makes_its_own_sampler_takes_ours_afterwards() -> None:
    """torchrl's own class asks for the compiled trees unless it is given a sampler."""
    buffer = TensorDictPrioritizedReplayBuffer.__mro__[1](
        storage=LazyTensorStorage(10), sampler=PrioritizedSampler(10, 0.7, 0.9), batch_size=4
    )
    assert type(buffer.sampler) is PrioritizedSampler


def test_prefetched_batches() -> None:
    buffer = ReplayBuffer(
        storage=LazyTensorStorage(100), sampler=PrioritizedSampler(100, 0.7, 0.9), prefetch=3, batch_size=32
    )
    buffer.extend(torch.arange(100.0))
    failures: list[BaseException] = []

    def write() -> None:
        try:
            for i in range(50):
                buffer.extend(torch.full((7,), float(i)))
        except BaseException as error:
            failures.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    for _ in range(50):
        _, info = buffer.sample(return_info=True)  # of the batch size that is prefetched
        buffer.update_priority(info["index"], info["priority_weight"])
    writer.join()
    assert failures == []


GOOD: dict[str, Any] = {"max_capacity": 10, "alpha": 0.7, "beta": 0.9}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"alpha": -0.1}, ValueError, "alpha must be greater or equal than 0, got alpha=-0.1"),
        ({"beta": -1}, ValueError, "beta must be greater or equal to 0, got beta=-1"),
        ({"eps": -1.0}, ValueError, "priority_eps: got -1, expected a finite number"),
        ({"max_capacity": 0}, ValueError, "capacity: got 0, expected at least 1"),
        (
            {"dtype": torch.int64},
            ValueError,
            r"dtype: got torch.int64, expected torch.float32 or torch.float64",
        ),
        ({"reduction": "sum"}, ValueError, "reduction: got 'sum', expected one of"),
        ({"device": "cuda"}, NotImplementedError, "device: got cuda, expected None or 'cpu'"),
        ({"replacement": False}, TypeError, "no without-replacement variant"),
    ],
)
def test_bad_constructions(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        PrioritizedSampler(**{**GOOD, **arguments})


@pytest.mark.parametrize(
    ("index", "priority", "error", "message"),
    [
        ([0, 1], [1.0], None, ""),  # one for all
        (
            [0, 1],
            [1.0, 2.0, 3.0],
            RuntimeError,
            "priority should be a number or an iterable of the same length",
        ),
        ([0, 1], [1.0, -2.0], ValueError, "priorities: got -2, expected finite values of at least 0"),
        ([0], float("nan"), ValueError, "priorities: got nan"),
        ([10], 1.0, IndexError, "leaves: got 10, expected leaves"),
        ([[0, 1]], 1.0, RuntimeError, "storage: got None, expected the storage"),
        ([0.5], 1.0, TypeError, "index: got dtype torch.float32, expected integers"),
    ],
)
def test_bad_updates_change_nothing(index: Any, priority: Any, error: Any, message: str) -> None:
    sampler = filled().sampler
    if error is None:
        sampler.update_priority(torch.tensor(index), torch.tensor(priority))
        return
    before = masses_of(sampler)
    with pytest.raises(error, match=message):
        sampler.update_priority(torch.tensor(index), torch.tensor(priority))
    assert (masses_of(sampler) == before).all()


def test_there_must_be_something_to_draw() -> None:
    buffer = ReplayBuffer(storage=LazyTensorStorage(4), sampler=PrioritizedSampler(4, 1.0, 1.0, eps=0.0))
    with pytest.raises(RuntimeError, match="empty storage"):
        buffer.sample(3)
    buffer.extend(torch.arange(2.0))
    buffer.update_priority(torch.arange(2), torch.zeros(2))
    with pytest.raises(ValueError, match="got only priorities of zero"):
        buffer.sample(3)
    buffer.set_sampler(PrioritizedSampler(4, 1.0, 1.0))
    with pytest.raises(RuntimeError, match="a storage of 2 items without priorities, expected mark_update"):
        buffer.sample(3)
    buffer.mark_update(torch.arange(2))
    assert set(buffer.sample(50).tolist()) == {0.0, 1.0}
