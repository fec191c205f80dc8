"""One line says what a buffer or a batch is; the length of a batch is what was asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dqn_fast import PrioritizedReplayBuffer, PriorityIndex, ReplayBuffer

OBS = {"image": np.zeros((4, 8, 8), np.uint8), "pose": {"angle": np.float32(0)}}


def fill(buffer: ReplayBuffer, steps: int, **extra: Any) -> Any:
    """Episodes of five steps."""
    for step in range(steps):
        buffer.add(OBS, step % 3, 0.5, OBS, step % 5 == 4, **extra)
    return buffer


def test_a_buffer_shows_how_full_it_is_and_what_a_step_is() -> None:
    assert repr(ReplayBuffer(2_000)) == (
        "ReplayBuffer(0 of 2,000 transitions, num_envs=1, draw_by=step, n_step=1, gamma=0.99)"
    )
    frames = {"image": 4}
    buffer = PrioritizedReplayBuffer(2_000, frame_stack=frames, extra_fields={"log_prob": ((2,), "float64")})
    assert repr(fill(buffer, 3, log_prob=np.zeros(2))) == (
        "PrioritizedReplayBuffer(3 of 2,000 transitions, obs={image: uint8[4, 8, 8] of 4 frames, "
        "pose: {angle: float32[]}}, action=int64[], reward=float32[], extra={log_prob: float64[2]}, "
        "num_envs=1, draw_by=step, n_step=1, gamma=0.99, beta=0.4, alpha=0.6)"
    )
    assert repr(ReplayBuffer(9, num_envs=2, autoreset="next_step", draw_by="segment", gamma=1.0)) == (
        "ReplayBuffer(0 of 8 transitions, num_envs=2, autoreset=next_step, draw_by=segment, n_step=1, "
        "gamma=1.0)"
    )


def test_a_class_of_ones_own_shows_its_name() -> None:
    class Shown(ReplayBuffer):
        pass

    assert repr(Shown(3)).startswith("Shown(0 of 3 transitions, ")


def test_an_index_shows_how_full_it_is() -> None:
    index = PriorityIndex(2_000, alpha=0.5)
    index.add(3)
    assert repr(index) == "PriorityIndex(3 of 2,000 ids, alpha=0.5, beta=0.4)"


def test_a_batch_shows_dtype_and_shape_of_each_field_and_has_a_length() -> None:
    buffer = fill(ReplayBuffer(100, extra_fields={"log_prob": ((2,), "float64")}), 20, log_prob=np.zeros(2))
    obs = "{image: uint8[7, 4, 8, 8], pose: {angle: float32[7]}}"
    batch = buffer.sample(7)
    assert len(batch) == len(buffer.empty_batch(7)) == 7 and len(batch.rows(2, 5)) == 3
    assert repr(batch) == (
        f"Batch(7 transitions, obs={obs}, action=int64[7], reward=float32[7], next_obs={obs}, "
        "terminated=bool[7], truncated=bool[7], discount=float32[7], weights=float32[7], indices=int64[7], "
        "extra={log_prob: float64[7, 2]})"
    )
    assert len(buffer.transitions([])) == 0 and len(buffer.transitions()) == 20


def test_sequences_and_segments_show_theirs() -> None:
    buffer = fill(ReplayBuffer(100, seed=0), 20)
    rows = buffer.sample_sequences(3, 2, burn_in=1, previous=True)
    assert len(rows) == 3
    for shown in ("SequenceBatch(3 sequences, ", "action=int64[3, 3], ", "previous_reward=float32[3, 4]"):
        assert shown in repr(rows)
    assert "previous" not in repr(buffer.sample_sequences(3, 2))
    segments = buffer.sample_segments(2)  # 5 steps each, and the observation behind them
    assert len(segments) == 2 == len(segments.padded()) and len(segments.buckets(2)[1]) == 1
    for shown in ("SegmentBatch(2 segments, ", "action=int64[12], ", "offsets=int32[3], "):
        assert shown in repr(segments)


def test_tensors_show_where_they_are() -> None:
    torch = pytest.importorskip("torch")
    buffer = fill(ReplayBuffer(100), 20)
    batch = buffer.sample(7).torch()
    assert len(batch) == 7 and "action=torch.int64[7], " in repr(batch) and "\n" not in repr(batch)
    elsewhere = buffer.sample(7).torch("meta")
    assert len(elsewhere) == 7 and "action=torch.int64[7] on meta, " in repr(elsewhere)
    assert len(buffer.sample_segments(2).torch()) == 2
    assert torch.equal(batch.weights, torch.ones(7))
