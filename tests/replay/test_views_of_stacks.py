"""Segments and sequences of stacks: whole while all they show is held, and as an old file broke them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from replay.saved_buffers import SAVED

from dqn_fast import ReplayBuffer


@pytest.mark.parametrize("first", [(0, 0, 0, 5), (5, 5, 5, 5), (0, 0, 3, 5), (1, 3, 4, 5), (0, 1, 0, 5)])
def test_a_stack_s_segment_is_whole_until_its_first_step_that_is_shown_is_evicted(
    first: tuple[float, ...],
) -> None:
    """Whatever hidden steps come before it, for its first stack's sake."""
    buffer = ReplayBuffer(6, frame_stack=4, reserve=3.0, seed=0)
    obs = np.float32(first)
    for step in range(9):
        next_obs = np.float32([*obs[1:], 6 + step])
        buffer.add(obs, step, 1.0, next_obs, False)
        obs = next_obs
        segment, rows = buffer.sample_segments(1), buffer.sample_sequences(60, 3, previous=True)
        assert segment.complete.tolist() == [step < 6]
        assert segment.action[0] == max(0, step - 5)
        begins = rows.action[:, 0] == 0
        assert (rows.is_first == begins).all()
        assert set(rows.action[:, 0].tolist()) == set(range(max(0, step - 5), step + 1))
        is_known = rows.action[:, 0] > max(0, step - 5)
        assert (rows.previous_reward[:, 0] == is_known).all()


def views_of_a_broken_buffer(n_step: int) -> list[tuple[Any, Any, Any]]:
    """Of a file of format 1: batches, the transitions of their acted cells, and what those bootstrap from."""
    buffer = ReplayBuffer.load(SAVED / "stacks.dqn")
    sequences = buffer.sample_sequences(200, 6, burn_in=2, n_step=n_step)
    segments = buffer.sample_segments(50, n_step=n_step)
    shown = sequences.obs[np.arange(200)[:, None], sequences.bootstrap], segments.obs[segments.bootstrap]
    return [
        (batch, buffer.transitions(batch.step_indices[batch.acted], n_step=n_step), behind[batch.acted])
        for batch, behind in zip((sequences, segments), shown, strict=True)
    ]


@pytest.mark.parametrize("n_step", [1, 3, 9])
def test_segments_that_format_1_broke_end_in_every_view_where_their_transitions_do(n_step: int) -> None:
    for batch, expected, _ in (views := views_of_a_broken_buffer(n_step)):
        for name in ("action", "reward", "discount", "terminated"):
            assert getattr(batch, name)[batch.acted].tobytes() == getattr(expected, name).tobytes(), name
    (sequences, *_), (segments, *_) = views
    learnt = sequences.learn.any(1)
    assert learnt.all() and sequences.acted[sequences.mask].all()
    is_last = np.isin(np.arange(len(segments.acted)), segments.offsets[1:] - 1)
    assert (segments.acted == ~is_last).all()


@pytest.mark.parametrize("n_step", [1, 3, 9])
def test_segments_that_format_1_broke_bootstrap_from_what_their_transitions_do(n_step: int) -> None:
    for _, expected, behind in views_of_a_broken_buffer(n_step):
        assert behind.tobytes() == expected.next_obs.tobytes()
