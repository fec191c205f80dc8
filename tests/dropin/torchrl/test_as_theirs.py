"""Our sampler does in torchrl's buffers what torchrl's own does: the same masses, weights and frequencies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from dropin.torchrl.masses import masses_of
from scipy.stats import chisquare
from tensordict import TensorDict
from torchrl.data import (
    LazyMemmapStorage,
    LazyTensorStorage,
    ListStorage,
    ReplayBuffer,
    TensorDictMaxValueWriter,
    TensorDictReplayBuffer,
    TensorStorage,
)
from torchrl.data.replay_buffers.scheduler import LinearScheduler

from dqn_fast.dropin.torchrl import PrioritizedSampler

CAPACITY = 20


def pair(theirs: Any, storage: Any, buffer_class: Any = ReplayBuffer, **options: Any) -> tuple[Any, Any]:
    """Two buffers that differ in the sampler alone."""
    options = {"alpha": 0.7, "beta": 0.9, **options}
    return tuple(
        buffer_class(storage=storage(), sampler=sampler(CAPACITY, **options))
        for sampler in (theirs, PrioritizedSampler)
    )


def assert_same_default(theirs: Any, ours: Any) -> None:
    expected = float(theirs.sampler.default_priority)
    assert float(ours.sampler.default_priority) == pytest.approx(expected, rel=1e-5)


def assert_alike(theirs: Any, ours: Any) -> None:
    """The same masses in every slot, and exact weights of whatever is drawn."""
    expected = theirs.sampler._sum_tree.leaves
    np.testing.assert_allclose(masses_of(ours.sampler), expected, rtol=1e-5)
    assert float(ours.sampler.default_priority) == pytest.approx(
        float(theirs.sampler.default_priority), rel=1e-5
    )
    for buffer in (theirs, ours):
        _, info = buffer.sample(200, return_info=True)
        index = info["index"]
        assert (index.dtype, index.shape) == (torch.int64, (200,))
        held = expected[: len(buffer)]
        weights = (expected[index.numpy()] / held.min()) ** -buffer.sampler.beta
        assert (info["priority_weight"].dtype, info["priority_weight"].shape) == (torch.float32, (200,))
        np.testing.assert_allclose(info["priority_weight"].numpy(), weights, rtol=1e-5)


@pytest.mark.parametrize("within", [False, True], ids=["largest ever", "largest held"])
@pytest.mark.parametrize("storage", [LazyTensorStorage, ListStorage, LazyMemmapStorage])
def test_any_sequence_of_calls_leaves_the_same_masses(theirs: Any, storage: Any, within: bool) -> None:
    buffers = pair(theirs, lambda: storage(CAPACITY), max_priority_within_buffer=within)
    rng = np.random.default_rng(0)
    for _ in range(60):
        move, count = rng.integers(4), int(rng.integers(1, 9))
        held = len(buffers[0])
        if move == 0 or held == 0:
            for buffer in buffers:
                buffer.add(torch.tensor(1.0))
        elif move == 1:
            first, second = (buffer.extend(torch.arange(float(count))) for buffer in buffers)
            assert (first == second).all()
        else:
            index = torch.from_numpy(rng.permutation(held)[:count])
            priority = torch.from_numpy(rng.gamma(1.0, size=len(index)))
            for buffer in buffers:
                buffer.update_priority(index, priority if move == 2 else float(priority[0]))
        if within and float(buffers[0].sampler.default_priority) != pytest.approx(
            float(buffers[1].sampler.default_priority), rel=1e-5
        ):  # torchrl forgets it when its slot is written, though the new item has the same priority
            assert buffers[0].sampler._max_priority[0] is None
            return
        assert_alike(*buffers)


@pytest.mark.parametrize("stratified", [False, True], ids=["iid", "stratified"])
def test_frequencies_are_theirs(theirs: Any, stratified: bool) -> None:
    their_buffer, our_buffer = pair(theirs, lambda: LazyTensorStorage(CAPACITY))
    if stratified:
        our_buffer.set_sampler(PrioritizedSampler(CAPACITY, 0.7, 0.9, stratified=True))
        our_buffer.sampler.mark_update(torch.arange(CAPACITY))
    priorities = torch.linspace(0.1, 5.0, CAPACITY)
    np.random.seed(0)  # noqa: NPY002 (the one that torchrl draws from)
    for buffer in (their_buffer, our_buffer):
        buffer.extend(torch.arange(float(CAPACITY)))
        buffer.update_priority(torch.arange(CAPACITY), priorities)
        drawn = torch.cat([buffer.sample(64, return_info=True)[1]["index"] for _ in range(500)])
        masses = (priorities.numpy().astype(float) + 1e-8) ** 0.7
        expected = masses / masses.sum() * len(drawn)
        assert chisquare(np.bincount(drawn, minlength=CAPACITY), expected).pvalue > 1e-4


def test_rows_are_those_of_the_index() -> None:
    buffer = ReplayBuffer(storage=LazyTensorStorage(CAPACITY), sampler=PrioritizedSampler(CAPACITY, 1.0, 1.0))
    buffer.extend(torch.arange(100.0, 130.0))  # more than it holds
    data, info = buffer.sample(50, return_info=True)
    assert (data == torch.tensor([*range(120, 130), *range(110, 120)])[info["index"]]).all()


def test_new_items_get_the_largest_priority_once_to_the_power_of_alpha() -> None:
    """torchrl once applied alpha twice (#3925)."""
    sampler = PrioritizedSampler(10, alpha=0.4, beta=0.9)
    sampler.update_priority(torch.tensor([0]), torch.tensor([100.0]))
    sampler.mark_update(torch.tensor([1]))
    assert masses_of(sampler)[:3] == pytest.approx([100**0.4, 100**0.4, 0])
    assert sampler.default_priority == pytest.approx(100)


@pytest.mark.parametrize("reduction", ["max", "min", "median", "mean"])
def test_priorities_of_stored_trajectories_are_reduced(theirs: Any, reduction: str) -> None:
    def options(sampler: Any) -> Any:
        return sampler(5, alpha=0.7, beta=0.9, reduction=reduction)

    buffers = [
        TensorDictReplayBuffer(sampler=options(s), storage=LazyTensorStorage(5), batch_size=3)
        for s in (theirs, PrioritizedSampler)
    ]
    data = TensorDict({"obs": torch.randn(3, 4, 5)}, [3, 4])
    td_error = torch.rand(3, 4)
    for buffer in buffers:
        buffer.extend(data.clone())
        batch = buffer.sample()
        assert batch.batch_size == (3, 4) and (batch["priority_weight"] > 0).all()
        batch["td_error"] = td_error
        batch["index"] = torch.arange(3).unsqueeze(-1).expand(3, 4)
        buffer.update_tensordict_priority(batch)
    np.testing.assert_allclose(masses_of(buffers[1].sampler), buffers[0].sampler._sum_tree.leaves, rtol=1e-5)


def test_a_tensordict_buffer_takes_priorities_from_its_key() -> None:
    buffer = TensorDictReplayBuffer(
        storage=LazyTensorStorage(10),
        sampler=PrioritizedSampler(10, 1.0, 1.0),
        priority_key="p",
        batch_size=8,
    )
    buffer.extend(TensorDict({"a": torch.arange(4.0), "p": torch.tensor([1.0, 2.0, 3.0, 4.0])}, [4]))
    assert masses_of(buffer.sampler)[:4] == pytest.approx([1, 2, 3, 4])
    buffer.add(TensorDict({"a": torch.tensor(4.0), "p": torch.tensor(0.5)}, []))
    assert masses_of(buffer.sampler)[4] == pytest.approx(0.5)
    batch = buffer.sample()
    batch["p"] = torch.arange(8.0)
    buffer.update_tensordict_priority(batch)
    last = {int(i): float(p) for i, p in zip(batch["index"], batch["p"], strict=True)}
    assert [masses_of(buffer.sampler)[i] for i in last] == pytest.approx([*last.values()])


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # torchrl's own, of NumPy
def test_storages_of_two_dimensions(theirs: Any) -> None:
    buffers = [
        TensorDictReplayBuffer(
            storage=LazyTensorStorage(20, ndim=2), sampler=sampler(capacity, 1.0, 1.0), batch_size=400
        )
        # Of 20 items in rows of 3 torchrl stores 21.
        for sampler, capacity in ((theirs, 21), (PrioritizedSampler, 20))
    ]
    data = TensorDict({"a": torch.arange(12.0).view(3, 4)}, [3, 4])
    for buffer in buffers:
        buffer.extend(data.clone())
        batch = buffer.sample()
        column, row = batch["index"].unbind(-1)  # torchrl writes along the second axis, and stores it first
        assert (batch["a"] == 4 * row + column).all() and len(batch["a"].unique()) == 12
        batch["td_error"] = batch["a"] + 1
        buffer.update_tensordict_priority(batch)
        batch = buffer.sample()
        np.testing.assert_allclose(batch["priority_weight"].numpy(), 1 / (batch["a"] + 1).numpy(), rtol=1e-5)
        buffer.update_priority(torch.tensor([[0, 1], [3, 2]]), torch.tensor([7.0, 8.0]))
        buffer.extend(data.clone())  # full, and on from the beginning
        buffer.sample()
    expected = buffers[0].sampler._sum_tree.leaves
    np.testing.assert_allclose(masses_of(buffers[1].sampler)[:21], expected, rtol=1e-5)
    again = TensorDictReplayBuffer(
        storage=LazyTensorStorage(20, ndim=2), sampler=PrioritizedSampler(20, 0.7, 0.7), batch_size=8
    )
    again.load_state_dict(buffers[1].state_dict())
    assert (masses_of(again.sampler) == masses_of(buffers[1].sampler)).all()


def test_items_that_a_writer_did_not_keep_are_left_out() -> None:
    buffer = TensorDictReplayBuffer(
        storage=LazyTensorStorage(2),
        sampler=PrioritizedSampler(2, 1.0, 1.0),
        writer=TensorDictMaxValueWriter(rank_key="value"),
    )
    for value in (1.0, 5.0, 0.5, 3.0):
        buffer.add(TensorDict({"value": torch.tensor(value)}, []))
    assert set(buffer.sample(50)["value"].tolist()) == {3.0, 5.0}
    buffer.sampler.update_priority(torch.tensor([-1, 1]), torch.tensor([9.0, 2.0]))
    buffer.sampler.update_priority(-1, 9.0)
    assert masses_of(buffer.sampler).tolist() == pytest.approx([1.0, 2.0])


def test_samplers_of_one_storage_all_hear_of_what_is_written() -> None:
    storage = LazyTensorStorage(10)
    first, second = (
        ReplayBuffer(storage=storage, sampler=PrioritizedSampler(10, 0.7, 0.9)) for _ in range(2)
    )
    first.extend(torch.arange(4.0))
    assert (masses_of(second.sampler) > 0).sum() == 4
    second.update_priority(torch.arange(4), torch.zeros(4))
    assert masses_of(first.sampler)[:4] == pytest.approx(1.0)


def test_a_storage_that_was_full_before_gets_default_priorities() -> None:
    storage = TensorStorage(torch.arange(6.0))
    buffer = ReplayBuffer(storage=storage, sampler=PrioritizedSampler(6, 0.7, 0.9))
    assert masses_of(buffer.sampler) == pytest.approx(1.0)
    assert set(buffer.sample(200).tolist()) == set(range(6))


def test_schedules_of_beta_and_alpha() -> None:
    buffer = ReplayBuffer(storage=LazyTensorStorage(10), sampler=PrioritizedSampler(10, 0.8, 0.4))
    buffer.update_priority(buffer.extend(torch.arange(3.0)), torch.tensor([1.0, 2.0, 4.0]))
    schedules = [
        LinearScheduler(buffer, param_name=name, final_value=1.0, num_steps=3) for name in ("beta", "alpha")
    ]
    for _ in range(3):
        for schedule in schedules:
            schedule.step()
    assert (buffer.sampler.beta, buffer.sampler.alpha) == (1.0, 1.0)
    np.testing.assert_allclose(masses_of(buffer.sampler)[:3], [1.0, 2.0, 4.0], rtol=1e-7)
    _, info = buffer.sample(30, return_info=True)
    np.testing.assert_allclose(info["priority_weight"], 0.5 ** info["index"], rtol=1e-6)
    buffer.sampler.mark_update(5)
    assert masses_of(buffer.sampler)[5] == pytest.approx(4.0)  # it still knows the largest


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_weights_have_the_dtype_asked_for(dtype: torch.dtype) -> None:
    sampler = PrioritizedSampler(10, 0.7, 0.9, dtype=dtype)
    buffer = ReplayBuffer(storage=LazyTensorStorage(10), sampler=sampler)
    buffer.extend(torch.arange(3.0))
    assert buffer.sample(4, return_info=True)[1]["priority_weight"].dtype == dtype
