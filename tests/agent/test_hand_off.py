"""Batches that a thread draws ahead are those of a twin without a thread, and exactly as late as it says."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from agent.elsewhere import ELSEWHERE, Elsewhere
from agent.test_sequence_batches import stored
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st

from dqn_fast import Batch, FrameBatch, PrioritizedReplayBuffer, ReplayBuffer
from dqn_fast.agent import (
    DrawingSource,
    EpisodeDraw,
    HandOff,
    JoinedBatches,
    LinearSchedule,
    PrioritizedBatches,
    SequenceBatches,
    UniformBatches,
    WindowDraw,
    handed,
)

SPACES = spaces.Box(-1e6, 1e6, (1,)), spaces.Discrete(2)
STACKS = spaces.Box(-1e6, 1e6, (4,)), spaces.Discrete(2)
CPU, BETA = torch.device("cpu"), LinearSchedule(0.4, 1.0, 50)
FIELDS = ("action", "reward", "discount", "weights")


def add(buffer: ReplayBuffer, step: int) -> None:
    """Walk from `step` to the next number; an episode has five steps, which no stack leaves."""
    assert buffer.schema is not None
    frames = np.arange(1 - buffer.schema.obs.frames, 1)
    obs, next_obs = (np.maximum(at + frames, step // 5 * 5).astype(np.float32) for at in (step, step + 1))
    buffer.add(obs, step % 2, float(step), next_obs, step % 5 == 4)


def uniform() -> tuple[DrawingSource, ReplayBuffer]:
    buffer = ReplayBuffer(40, *SPACES, n_step=2, reserve=2, seed=1)
    return UniformBatches(buffer, 6), buffer


def prioritized() -> tuple[DrawingSource, ReplayBuffer]:
    buffer = PrioritizedReplayBuffer(40, *SPACES, n_step=2, reserve=2, seed=2)
    return PrioritizedBatches(buffer, 6, BETA), buffer


def stacks() -> tuple[DrawingSource, ReplayBuffer]:
    buffer = ReplayBuffer(40, *STACKS, frame_stack=4, n_step=2, reserve=2, seed=1)
    return UniformBatches(buffer, 6), buffer


def prioritized_stacks() -> tuple[DrawingSource, ReplayBuffer]:
    buffer = PrioritizedReplayBuffer(40, *STACKS, frame_stack=4, reserve=2, seed=2)
    return PrioritizedBatches(buffer, 6, BETA, n_step=3), buffer


def joined() -> tuple[DrawingSource, ReplayBuffer]:
    source, buffer = prioritized()
    other, demonstrations = uniform()
    for step in range(30):
        add(demonstrations, step)
    return JoinedBatches(source, other), buffer


def windows() -> tuple[DrawingSource, ReplayBuffer]:
    buffer = PrioritizedReplayBuffer(60, *SPACES, reserve=2, seed=3)
    return SequenceBatches(WindowDraw(buffer, 4, 3, burn_in=1, n_step=2), BETA), buffer


def episodes() -> tuple[DrawingSource, ReplayBuffer]:
    buffer = PrioritizedReplayBuffer(60, *SPACES, reserve=2, draw_by="segment", seed=4)
    return SequenceBatches(EpisodeDraw(buffer, 4, 2), BETA), buffer


Made = tuple[DrawingSource, ReplayBuffer]
SOURCES = [uniform, prioritized, stacks, prioritized_stacks, joined, windows, episodes]


def numbers(batch: Any) -> list[Any]:
    """Return all that a learner reads of a batch."""
    if hasattr(batch.obs, "window"):
        obs = [batch.obs.window.inputs.obs, batch.obs.at, batch.next_obs.at]
    else:
        obs = [batch.obs, batch.next_obs]
    return [part.cpu().tolist() for part in [*obs, *(getattr(batch, name) for name in FIELDS)]]


def twin(make: Callable[[], Made], prefetch: int, rounds: list[tuple[int, int]]) -> list[Any]:
    """Draw at once, and let each batch lie until `prefetch` others were taken."""
    source, buffer = make()
    waiting: deque[Any] = deque()
    found, step = [], 0
    for steps, updates in rounds:
        for _ in range(steps):
            add(buffer, step)
            step += 1
        for _ in range(updates):
            while len(waiting) <= prefetch:
                waiting.append(source.draw(step, source.slot(pin_memory=False)))
            batch = waiting.popleft()
            found.append(numbers(batch))
            source.update_priorities(batch, errors(batch, len(found)))
    return found


def errors(batch: Any, update: int) -> torch.Tensor:
    return torch.arange(1.0, len(batch.reward) + 1) * update


def through_hand_off(
    make: Callable[[], Made], prefetch: int, rounds: list[tuple[int, int]], device: torch.device = CPU
) -> list[Any]:
    source, buffer = make()
    hand_off = HandOff(source, device, prefetch)
    found, step = [], 0
    for steps, updates in rounds:
        for _ in range(steps):
            hand_off.settle()
            add(buffer, step)
            step += 1
        for batch in hand_off.batches(step, updates):
            found.append(numbers(batch))
            hand_off.update_priorities(batch, errors(batch, len(found)).to(device))
        # A checkpoint, read in another process.
        file = io.BytesIO()
        torch.save(hand_off.state_dict(), file)
        file.seek(0)
        hand_off.load_state_dict(torch.load(file, weights_only=False))
    return found


ROUNDS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4)), max_size=6)


@given(make=st.sampled_from(SOURCES), prefetch=st.integers(0, 4), rounds=ROUNDS)
def test_batches_are_those_of_the_twin(
    make: Callable[[], Made], prefetch: int, rounds: list[tuple[int, int]]
) -> None:
    rounds = [(12, 1), *rounds]
    assert through_hand_off(make, prefetch, rounds) == twin(make, prefetch, rounds)


@pytest.mark.parametrize("make", SOURCES)
def test_without_prefetch_they_are_those_of_the_source(make: Callable[[], Made]) -> None:
    source, buffer = make()
    expected = []
    for step in range(30):
        add(buffer, step)
        for batch in source.batches(step + 1, step // 15):
            expected.append(numbers(batch))
            source.update_priorities(batch, errors(batch, len(expected)))
    assert through_hand_off(make, 0, [(1, step // 15) for step in range(30)]) == expected


@pytest.mark.parametrize("make", SOURCES)
def test_on_another_device_they_are_the_same(make: Callable[[], Made]) -> None:
    rounds = [(12, 2), (3, 1), (0, 3)]
    with Elsewhere() as elsewhere:
        there = through_hand_off(make, 2, rounds, ELSEWHERE)
    assert there == through_hand_off(make, 2, rounds)
    assert elsewhere.waits == 0


@pytest.mark.parametrize(
    ("n_step", "frames"), [(1, 5), (2, 6), (3, 7), (None, 6), (4, None), (9, None)], ids=str
)
@pytest.mark.parametrize("kind", [ReplayBuffer, PrioritizedReplayBuffer])
def test_another_device_gets_each_frame_once(kind: Any, n_step: int | None, frames: int | None) -> None:
    """Unless an observation and the next one share none: then whole stacks are no more bytes."""
    buffer = kind(60, *STACKS, frame_stack=4, n_step=2, seed=0)
    walk = np.arange(64, dtype=np.float32)
    for step in range(60):
        buffer.add(walk[step : step + 4], 0, 1.0, walk[step + 1 : step + 5], False)
    options = {"beta_schedule": BETA} if kind is PrioritizedReplayBuffer else {}
    source = (PrioritizedBatches if options else UniformBatches)(buffer, 50, **options, n_step=n_step)
    assert isinstance(source.slot(pin_memory=False), Batch)
    batch = source.draw(1, source.slot(pin_memory=False, frames=True))
    sizes: list[int] = []

    def move(tensor: torch.Tensor) -> torch.Tensor:
        sizes.append(tensor.nbytes)
        return tensor

    there = handed(batch, move)
    assert there.drawn is batch and isinstance(batch, FrameBatch if frames else Batch)
    full = buffer.indices()[: 60 - 9]
    rows = np.isin(batch.indices.numpy(), full)
    expected = buffer.transitions(batch.indices, n_step=n_step)
    assert torch.equal(there.obs, torch.from_numpy(expected.obs))
    assert torch.equal(there.next_obs, torch.from_numpy(expected.next_obs))
    if frames:
        distinct = np.concatenate([batch.frame_index, batch.next_frame_index], 1)[rows]
        assert {len(set(row)) for row in distinct.tolist()} == {frames}
        assert sizes[0] == 4 * len(batch.frames) < 50 * 8 * 4
    else:
        assert sizes[0] == sizes[1] == 50 * 4 * 4


@pytest.mark.parametrize("prefetch", range(4))
def test_priorities_are_as_many_updates_late(prefetch: int) -> None:
    """After each update all priorities are 0, but for one step that names the update."""
    buffer = PrioritizedReplayBuffer(40, *SPACES, alpha=1.0, priority_eps=0.0, seed=0)
    for step in range(40):
        add(buffer, step)
    hand_off = HandOff(PrioritizedBatches(buffer, 4, BETA), CPU, prefetch)
    everything = buffer.indices()
    for update, batch in enumerate(hand_off.batches(1, 12)):
        latest = update - 1 - prefetch  # the last update whose priorities were known
        if latest >= 0:
            assert batch.obs[:, 0].tolist() == [latest] * 4
        hand_off.settle()
        buffer.update_priorities(everything, (np.arange(40) == update).astype(float))


def test_a_thread_that_fails_says_so() -> None:
    hand_off = HandOff(uniform()[0], CPU, 2)
    with pytest.raises(ValueError, match="got an empty buffer"):
        next(hand_off.batches(1, 1))


def test_a_negative_number() -> None:
    with pytest.raises(ValueError, match="prefetch: got -1, expected at least 0"):
        HandOff(uniform()[0], CPU, -1)


@pytest.mark.parametrize("tensors", [True, False])
def test_batches_survive_pickling(tensors: bool) -> None:
    buffer = stored(PrioritizedReplayBuffer)
    batch: Batch[Any] = buffer.sample(5)
    given_batch = batch.torch() if tensors else batch
    file = io.BytesIO()
    torch.save(given_batch, file)
    file.seek(0)
    again = torch.load(file, weights_only=False)
    assert type(again.obs) is type(given_batch.obs)
    assert numbers(again.torch()) == numbers(batch.torch())
    assert again.indices.tolist() == batch.indices.tolist()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("make", SOURCES)
@pytest.mark.parametrize("prefetch", [0, 2])
def test_on_a_gpu_they_are_the_same(make: Callable[[], Made], prefetch: int) -> None:
    rounds = [(12, 2), (3, 1), (0, 30)]
    assert through_hand_off(make, prefetch, rounds, torch.device("cuda:0")) == through_hand_off(
        make, prefetch, rounds
    )
