"""Context steps inside a segment: every view shows them, and returns and bootstraps pass over them."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from replay.support.building import add, walk

from dqn_fast import ReplayBuffer


def test_context_inside_a_segment_is_passed_over() -> None:
    buffer = ReplayBuffer(20, n_step=9, gamma=0.5, seed=0)
    walk(buffer, [0, 1])
    buffer.add_context(np.float32([2]), continues=True)
    buffer.extend_context(np.float32([[3], [4]]), continues=True)
    add(buffer, 4, 5, reward=8.0)
    assert buffer.stats()["segments"] == 1
    batch = buffer.transitions()
    assert (batch.reward.tolist(), batch.discount.tolist()) == ([1 + 0.5 * 8, 8], [0.25, 0.5])
    one = buffer.transitions(n_step=1)
    assert one.next_obs.ravel().tolist() == [4, 5]  # that of the next decision, not the one given to add
    segment = buffer.sample_segments(1)
    assert segment.obs.ravel().tolist() == [0, 1, 2, 3, 4, 5]
    assert segment.acted.tolist() == [True, False, False, False, True, False]
    assert segment.bootstrap.tolist() == [5, 1, 2, 3, 5, 5]


def test_a_step_that_is_not_the_open_observation_leaves_the_context_inside_behind() -> None:
    buffer = ReplayBuffer(20, seed=0)
    walk(buffer, [0, 1])
    buffer.add_context(np.float32([2]), continues=True)
    add(buffer, 7, 8)
    batch = buffer.transitions()
    assert (batch.obs.ravel().tolist(), batch.next_obs.ravel().tolist()) == ([0, 7], [2, 8])
    assert buffer.stats()["segments"] == 2


def test_a_copy_passes_over_context_inside_segments_too() -> None:
    buffer = ReplayBuffer(40, n_step=2, gamma=0.5, seed=0)
    for place in range(0, 9, 3):
        add(buffer, place, place + 1, reward=1.0)
        buffer.extend_context(np.float32([[place + 2], [place + 3]]), continues=True)
    copy = pickle.loads(pickle.dumps(buffer))
    for one in (buffer, copy):
        assert one.transitions(n_step=1).next_obs.ravel().tolist() == [3, 6, 9]
        assert one.transitions().next_obs.ravel().tolist() == [6, 9, 9]
        assert one.transitions().reward.tolist() == [1.5, 1.5, 1.0]


@pytest.mark.parametrize("n_step", [1, 2, 5])
def test_a_bootstrap_passes_over_context_inside_the_segment(n_step: int) -> None:
    buffer = ReplayBuffer(40, gamma=0.5, seed=0)
    for place in range(0, 20, 4):
        add(buffer, place, place + 1, reward=1.0)
        buffer.extend_context(np.float32([[place + 2], [place + 3], [place + 4]]), continues=True)
    segment = buffer.sample_segments(1, n_step=n_step)
    sequences = buffer.sample_sequences(30, 20, n_step=n_step)
    acted = np.flatnonzero(segment.acted)
    assert acted.tolist() == [0, 4, 8, 12, 16]
    assert segment.bootstrap[acted].tolist() == [min(row + 4 * n_step, 20) for row in acted.tolist()]
    for b, column in zip(*np.nonzero(sequences.learn), strict=True):
        behind = min(float(sequences.obs[b, column, 0]) + 4 * n_step, 20)
        assert sequences.obs[b, sequences.bootstrap[b, column], 0] == behind


def test_an_acted_step_whose_bootstrap_has_no_column_is_shown_but_not_learnt_from() -> None:
    buffer = ReplayBuffer(40, seed=0)
    add(buffer, 0, 1, reward=5.0)
    buffer.extend_context(np.float32([[2], [3], [4], [5]]), continues=True)
    add(buffer, 5, 6, reward=7.0)
    batch = buffer.sample_sequences(40, 3, n_step=1)
    row = batch.indices.tolist().index(0)
    assert batch.obs[row].ravel().tolist() == [0, 1, 2, 0]
    assert batch.mask[row].all() and not batch.learn[row].any()
    assert (batch.acted[row].tolist(), batch.step_indices[row].tolist()) == (
        [True, False, False],
        [0, -1, -1],
    )
    assert (batch.reward[row].tolist(), batch.discount[row].tolist()) == ([0] * 3, [0] * 3)
    assert batch.bootstrap[row].tolist() == [0, 1, 2]
