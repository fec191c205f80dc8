"""Batches whose stacks come as frames: which frames are shared, and that the stacks are those of a batch."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from replay.saved_buffers import SAVED
from replay.support.stacks import add, episode, play

from dqn_fast import FrameBatch, PrioritizedReplayBuffer, ReplayBuffer

torch = pytest.importorskip("torch")


def frames_of(buffer: ReplayBuffer, row: int, n_step: int = 1) -> tuple[list[float], list[int], list[int]]:
    """The frames of a transition, by number in the order of storing, and the numbers of its two stacks."""
    wanted = buffer.indices()[row]
    while True:
        batch = buffer.sample(1, n_step=n_step, frames=True)
        if batch.indices[0] == wanted:
            index, later = batch.frame_index[0], batch.next_frame_index[0]
            return batch.frames[:, 0].tolist(), index.tolist(), later.tolist()


def film(**options: Any) -> ReplayBuffer:
    return ReplayBuffer(20, frame_stack=4, seed=0, **options)


@pytest.mark.parametrize(("n_step", "frames"), [(1, 5), (2, 6), (3, 7), (4, 8), (9, 8)])
def test_an_observation_and_the_next_one_share_frames(n_step: int, frames: int) -> None:
    buffer = film()
    play(buffer, episode(1.0, 16, 4))
    found, index, later = frames_of(buffer, 4, n_step)
    assert len(found) == frames and index == [0, 1, 2, 3]
    assert [found[i] for i in index] == [2.0, 3.0, 4.0, 5.0]
    assert [found[i] for i in later] == [2.0 + n_step, 3.0 + n_step, 4.0 + n_step, 5.0 + n_step]
    assert later == list(range(frames - 4, frames))


def test_a_first_frame_that_is_repeated_comes_once() -> None:
    buffer = film()
    play(buffer, episode(7.0, 3, 4))
    assert frames_of(buffer, 0) == ([7.0, 8.0], [0, 0, 0, 0], [0, 0, 0, 1])
    assert frames_of(buffer, 1) == ([7.0, 8.0, 9.0], [0, 0, 0, 1], [0, 0, 1, 2])


def test_a_frame_of_zeros_comes_once() -> None:
    buffer = film()
    play(buffer, episode(7.0, 3, 4, padding=0.0))
    assert frames_of(buffer, 0) == ([0.0, 7.0, 8.0], [0, 0, 0, 1], [0, 0, 1, 2])


def test_a_next_stack_that_is_no_shift_needs_all_of_its_frames() -> None:
    buffer = film()
    add(buffer, (1, 2, 3, 4), (5, 6, 7, 8))
    assert frames_of(buffer, 0) == ([1, 2, 3, 4, 5, 6, 7, 8], [0, 1, 2, 3], [4, 5, 6, 7])


def images(kind: Any, axis: int, seed: int = 0) -> tuple[Any, int]:
    """A buffer of dicts: a stack of three colour images, a stack of two vectors, and a number."""
    generator = np.random.default_rng(seed)
    buffer = kind(
        60,
        num_envs=2,
        frame_stack={"image": 3, "in": {"speed": 2}},
        frame_axis={"image": axis},
        seed=seed,
    )
    shape = [2, 2, 2]
    shape[axis] *= 3
    frames = generator.integers(0, 256, (200, 2, *[2, 2, 2]), np.uint8)
    speeds = generator.standard_normal((200, 2, 4)).astype(np.float32)

    def observation(t: int, start: int) -> dict[str, Any]:
        shown = [max(t - age, start) for age in (2, 1, 0)]
        return {
            "image": np.concatenate([frames[i] for i in shown], axis=1 + axis % 3),
            "in": {"speed": np.concatenate([speeds[i] for i in shown[1:]], axis=1)},
            "place": np.array([t, t], np.int64),
        }

    start = 0
    for t in range(150):
        next_obs, ended = observation(t + 1, start), t % 17 == 16
        if t % 23 == 5:  # whatever comes in comes back
            next_obs["image"] = next_obs["image"][:, ::-1]
        buffer.add(observation(t, start), np.array([t, t]), np.ones(2), next_obs, np.array([ended, ended]))
        start = t + 1 if ended else start
    return buffer, 150


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("kind", [ReplayBuffer, PrioritizedReplayBuffer])
@pytest.mark.parametrize("n_step", [1, 2, 5])
def test_the_same_draws_give_the_same_batch_in_arrays_and_in_tensors(
    kind: Any, axis: int, n_step: int
) -> None:
    (ours, _), (theirs, _) = images(kind, axis), images(kind, axis)
    for size in (1, 33, 200):
        expected = ours.sample(size, n_step=n_step)
        batch = theirs.sample(size, n_step=n_step, frames=True)
        assert len(batch) == size
        for name in ("obs", "next_obs"):
            wanted = leaves(getattr(expected, name))
            for found in (
                batch,
                batch.torch(),
                batch.torch("cpu"),
                pickle.loads(pickle.dumps(batch.torch())),
            ):
                same(leaves(getattr(found, name)), wanted)
        for name in ("action", "reward", "terminated", "truncated", "discount", "weights", "indices"):
            same([getattr(batch, name)], [getattr(expected, name)])
            same([getattr(batch.torch("cpu"), name)], [getattr(expected, name)])


def leaves(obs: Any) -> list[Any]:
    return [obs["image"], obs["in"]["speed"], obs["place"]]


def same(found: list[Any], expected: list[Any]) -> None:
    for one, other in zip(found, expected, strict=True):
        array = np.asarray(one)
        assert (array.dtype, array.shape) == (other.dtype, other.shape)
        assert array.tobytes() == other.tobytes()


def test_a_batch_that_is_filled_again_shows_what_it_holds_now() -> None:
    buffer = film()
    play(buffer, episode(7.0, 16, 4))
    twin = copy.deepcopy(buffer)
    for kind in ({}, {"torch": True}):
        batch = buffer.empty_batch(9, **kind, frames=True)
        assert isinstance(batch, FrameBatch) and len(batch.frames) == 1
        where = batch.frames[:].__array_interface__["data"] if not kind else batch.frames.data_ptr()
        for _ in range(5):
            assert buffer.sample(9, frames=True, out=batch) is batch
            expected = twin.sample(9)
            same([batch.obs, batch.next_obs], [expected.obs, expected.next_obs])
        assert where == (batch.frames.__array_interface__["data"] if not kind else batch.frames.data_ptr())


def test_stacks_that_a_file_of_format_1_broke_come_back() -> None:
    one, other = (ReplayBuffer.load(SAVED / "stacks.dqn") for _ in range(2))
    for n_step in (1, 3):
        batch, expected = one.sample(300, n_step=n_step, frames=True), other.sample(300, n_step=n_step)
        same([batch.obs, batch.next_obs], [expected.obs, expected.next_obs])


def test_batches_of_the_other_kind_are_refused_and_the_generator_stays() -> None:
    buffer = film()
    play(buffer, episode(7.0, 16, 4))
    twin = copy.deepcopy(buffer)
    frames, stacks = buffer.empty_batch(9, frames=True), buffer.empty_batch(9)
    with pytest.raises(
        ValueError, match=r"out: got a Batch .*, expected a batch of empty_batch\(9, frames=True"
    ):
        buffer.sample(9, frames=True, out=stacks)
    with pytest.raises(ValueError, match=r"out: got a FrameBatch .*, expected a batch of empty_batch\(9\)"):
        buffer.sample(9, out=frames)
    with pytest.raises(ValueError, match="out: got a FrameBatch of 9 rows"):
        buffer.sample(8, frames=True, out=frames)
    assert (buffer.sample(9).indices == twin.sample(9).indices).all()


def test_nothing_can_be_drawn_of_nothing() -> None:
    with pytest.raises(ValueError, match="empty_batch: got no shapes yet"):
        film().empty_batch(4, frames=True)
    with pytest.raises(ValueError, match="sample: got an empty buffer"):
        film().sample(4, frames=True)
