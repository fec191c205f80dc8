"""Chunks: several neighbours in one call, and each frame once; the state machine draws them with all else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from replay.support.chunk_forms import chunk_of

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer
from dqn_fast.replay.chunks import Stacking, first_rows, to_frames, to_stacks

T, N = 7, 3


def stacks(
    rng: np.random.Generator, k: int, axis: int, dtype: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Observations and next ones of N environments, `(T, N, ...)`, of many episodes; a mask."""
    frame = (2, 3)
    obs, next_obs = [], []
    for _ in range(N):
        frames = [rng.integers(0, 9, frame).astype(dtype)] * k
        one, after = [], []
        for _ in range(T):
            one.append(np.concatenate(frames[-k:], axis))
            frames.append(rng.integers(0, 9, frame).astype(dtype))
            after.append(np.concatenate(frames[-k:], axis))
            if rng.random() < 0.3:
                frames = [rng.integers(0, 9, frame).astype(dtype) for _ in range(k)]
        obs.append(np.stack(one))
        next_obs.append(np.stack(after))
    return np.stack(obs, 1), np.stack(next_obs, 1), rng.random((T, N)) < 0.8


@pytest.mark.parametrize("k", [1, 2, 4])
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("dtype", ["uint8", "float64"])
def test_frames_are_those_of_the_slow_twin_and_stacks_come_back(k: int, axis: int, dtype: str) -> None:
    for seed in range(10):
        obs, next_obs, mask = stacks(np.random.default_rng(seed), k, axis, dtype)
        packed = to_frames([obs], [next_obs], [Stacking(k, axis)], mask)
        columns = [[{"obs": obs[t, n], "next_obs": next_obs[t, n]} for t in range(T)] for n in range(N)]
        expected = chunk_of(columns, mask, {(): (k, axis)})
        assert packed is not None and expected is not None
        (frames,), starts = packed
        assert frames.tobytes() == expected[0].tobytes() and frames.shape == expected[0].shape
        np.testing.assert_array_equal(starts, expected[1])
        again = to_stacks("frames", frames, Stacking(k, axis), starts, mask)
        for one, given in zip(again, (obs, next_obs), strict=True):
            assert one[mask].tobytes() == given[mask].tobytes()


def test_what_is_no_stack_that_moves_by_one_frame_has_no_frames() -> None:
    obs, next_obs, mask = stacks(np.random.default_rng(0), 3, 0, "uint8")
    next_obs[2, 1, 0, 0] += 1
    mask[2, 1] = True
    assert to_frames([obs], [next_obs], [Stacking(3, 0)], mask) is None
    mask[2, 1] = False
    assert to_frames([obs], [next_obs], [Stacking(3, 0)], mask) is not None


def test_minus_zero_and_nan_are_told_apart_by_their_bytes() -> None:
    obs = np.array([[0.0], [-0.0], [np.nan]], np.float32)[:, :, None]
    next_obs = np.array([[0.0], [np.nan], [1.0]], np.float32)[:, :, None]
    packed = to_frames([obs], [next_obs], [Stacking(1, 0)], np.ones((3, 1), bool))
    assert packed is not None
    assert packed[1][:, 0].tolist() == [True, True, False]


def filled(**given: Any) -> PrioritizedReplayBuffer:
    buffer = PrioritizedReplayBuffer(60, num_envs=N + 2, frame_stack=3, frame_axis=1, seed=0)
    common = {name: np.zeros((T, N), kind) for name, kind in (("action", int), ("terminated", bool))}
    reward = np.arange(T * N, dtype=np.float32).reshape(T, N)
    buffer.extend(**common, reward=reward, env=range(1, 1 + N), priority=reward, **given)
    return buffer


def test_a_chunk_of_frames_is_bit_for_bit_the_chunk_of_stacks_and_the_rows_one_by_one() -> None:
    obs, next_obs, mask = stacks(np.random.default_rng(1), 3, 1, "uint8")
    packed = to_frames([obs], [next_obs], [Stacking(3, 1)], mask)
    assert packed is not None
    (frames,), starts = packed
    by_stacks = filled(obs=obs, next_obs=next_obs, mask=mask)
    by_frames = filled(obs=None, next_obs=None, frames=frames, starts=starts, mask=mask)
    one_by_one = PrioritizedReplayBuffer(60, num_envs=N + 2, frame_stack=3, frame_axis=1, seed=0)
    for t in range(T):
        for n in np.flatnonzero(mask[t]):
            row = slice(t, t + 1)
            zero = np.zeros(1, bool)
            reward = np.float32([t * N + n])
            one_by_one.extend(
                obs[row, n], zero.astype(int), reward, next_obs[row, n], zero, env=1 + int(n), priority=reward
            )
    files = []
    for buffer in (by_stacks, by_frames, one_by_one):
        batch = buffer.sample(64)
        files.append(
            [batch.obs.tobytes(), batch.next_obs.tobytes(), batch.indices.tobytes(), batch.weights.tobytes()]
        )
        assert buffer.is_valid() and len(buffer) == mask.sum()
    assert files[0] == files[1] == files[2]
    assert by_stacks.stats() == by_frames.stats() == one_by_one.stats()


def test_without_starts_the_first_row_of_each_environment_begins_the_only_segment() -> None:
    assert first_rows(np.array([[False, True], [True, True]])).tolist() == [[False, True], [True, False]]
    buffer = ReplayBuffer(10, seed=0)
    zeros = np.zeros(3)
    buffer.extend(None, zeros.astype(int), zeros, None, zeros.astype(bool), frames=np.arange(4.0))
    rows = buffer.transitions()
    assert rows.obs.tolist() == [0, 1, 2] and rows.next_obs.tolist() == [1, 2, 3]
    assert buffer.stats()["segments"] == 1


def test_frames_may_be_the_first_that_a_buffer_without_spaces_sees() -> None:
    buffer = ReplayBuffer(10, frame_stack={"image": 2}, frame_axis={"image": -1}, seed=0)
    frames = {"image": np.arange(8, dtype=np.uint8).reshape(4, 2, 1), "speed": np.float32([5, 6, 7])}
    buffer.extend(None, np.zeros(2, int), np.zeros(2), None, np.zeros(2, bool), frames=frames)
    rows = buffer.transitions()
    assert rows.obs["image"].tolist() == [[[0, 2], [1, 3]], [[2, 4], [3, 5]]]
    assert rows.next_obs["speed"].tolist() == [6, 7]
