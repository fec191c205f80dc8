"""Context steps that come where nothing goes on, before the first add too: they wait for the next step."""

from __future__ import annotations

import pickle
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from replay.support.building import add, context, walk

from dqn_fast import ReplayBuffer


def rows_of_segments(buffer: Any) -> set[tuple[float, ...]]:
    batch = buffer.sample_segments(60)
    return {tuple(batch.obs[a:b].ravel().tolist()) for a, b in pairwise(batch.offsets.tolist())}


def test_a_context_before_the_first_add_waits_for_it_and_fixes_what_an_observation_is() -> None:
    buffer = ReplayBuffer(9, seed=0)
    context(buffer, 1)
    buffer.extend_context(np.float32([[2], [3]]))
    assert (len(buffer), buffer.nbytes) == (0, 0)
    with pytest.raises(ValueError, match=r"obs: got shape \(2,\), expected \(1,\)"):
        buffer.add(np.float32([4, 4]), 0, 1.0, np.float32([5, 5]), False)
    copy = pickle.loads(pickle.dumps(buffer))
    for one in (buffer, copy):
        walk(one, [4, 5])
        batch = one.sample_segments(1)
        assert (batch.obs.ravel().tolist(), batch.complete.tolist()) == ([1, 2, 3, 4, 5], [True])
        assert batch.acted.tolist() == [False, False, False, True, False]


def test_new_segment_and_clear_discard_what_waits_before_the_first_add() -> None:
    for discard in ("new_segment", "clear"):
        buffer = ReplayBuffer(9, seed=0)
        context(buffer, 1)
        if discard == "clear":
            buffer.clear()
        add(buffer, 4, 5, new_segment=discard == "new_segment")
        assert buffer.sample_segments(1).obs.ravel().tolist() == [4, 5]


def test_where_nothing_is_open_a_context_that_continues_waits() -> None:
    buffer = ReplayBuffer(20, seed=0)
    walk(buffer, [0, 1], terminated=True)
    buffer.add_context(np.float32([2]), continues=True)
    add(buffer, 7, 8)
    batch = buffer.sample_segments(40)
    rows = [batch.obs[a:b].ravel().tolist() for a, b in pairwise(batch.offsets.tolist())]
    assert sorted({tuple(row) for row in rows}) == [(0, 1), (2, 7, 8)]


def test_contexts_that_wait_are_saved_with_all_that_was_said_of_them() -> None:
    buffer = ReplayBuffer(60, num_envs=2, seed=0)
    column = np.float32([[1], [2]])
    buffer.add_context(column, mask=np.array([True, False]))
    buffer.extend_context(column + 10, env=1)
    buffer.extend_context(np.float32([column + 20, column + 30]))
    for one in (buffer, pickle.loads(pickle.dumps(buffer))):
        one.add(column + 40, [0, 0], [0.0, 0.0], column + 50, [False, False])
        assert rows_of_segments(one) == {(1, 21, 31, 41, 51), (11, 12, 22, 32, 42, 52)}
        assert one.is_valid()


def test_contexts_that_wait_for_an_environment_that_numpy_numbers_are_saved() -> None:
    buffer = ReplayBuffer(60, num_envs=2, seed=0)
    buffer.extend_context(np.float32([[1]]), env=np.int64(1))  # type: ignore[arg-type]
    copy = pickle.loads(pickle.dumps(buffer))
    one = np.float32([[2], [3]])
    copy.add(one, [0, 0], [0.0, 0.0], one + 2, [False, False])
    assert rows_of_segments(copy) == {(2, 4), (1, 3, 5)}


def test_contexts_that_wait_are_taken_in_once_and_in_order() -> None:
    buffer = ReplayBuffer(60, seed=0)
    buffer.extend_context(np.float32([[1], [2]]))
    buffer.add_context(np.float32([3]), continues=True)  # nothing is open: it waits as well
    walk(buffer, [4, 5], terminated=True)
    buffer.add([6.0], 0, 1.0, [7.0], False)  # lists are converted, as the first step was
    assert rows_of_segments(buffer) == {(1, 2, 3, 4, 5), (6, 7)}
    assert buffer.stats()["segments"] == 2


def test_no_rows_of_context_say_nothing_of_what_an_observation_is() -> None:
    buffer = ReplayBuffer(9, seed=0)
    buffer.extend_context(np.empty((0, 3), np.float64))
    walk(buffer, [4, 5])
    assert rows_of_segments(buffer) == {(4, 5)}


def test_a_waiting_context_is_a_copy_of_what_was_given() -> None:
    buffer = ReplayBuffer(9, num_envs=2, seed=0)
    obs, mask = np.float32([[1], [2]]), np.array([True, False])
    buffer.add_context(obs, mask=mask)
    obs[:], mask[:] = 99, True
    one = np.float32([[3], [4]])
    buffer.add(one, [0, 0], [0.0, 0.0], one + 2, [False, False])
    assert rows_of_segments(buffer) == {(1, 3, 5), (4, 6)}
