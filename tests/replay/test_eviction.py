"""How many transitions are kept, which go first, and what becomes of their indices."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from replay.support.building import add, rows_of, walk

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer


def held(buffer: Any) -> set[float]:
    """The observations from which a transition can be drawn."""
    return {float(row.obs) for row in rows_of(buffer).values()}


@pytest.mark.parametrize("capacity", [1, 2, 3, 7, 100, 129])
@pytest.mark.parametrize("broken", [False, True], ids=["one walk", "no two rows join"])
def test_exactly_the_newest_transitions_are_kept(capacity: int, broken: bool) -> None:
    buffer = ReplayBuffer(capacity, seed=0)
    for place in range(3 * capacity):
        add(buffer, place, -1 if broken else place + 1)
        assert len(buffer) == min(place + 1, capacity)
        assert buffer.is_full() == (place + 1 >= capacity)
    assert held(buffer) == set(range(2 * capacity, 3 * capacity))
    assert buffer.stats()["evicted_early"] == 0


def test_capacity_is_shared_equally_and_the_remainder_is_not_used() -> None:
    assert ReplayBuffer(11, num_envs=3).capacity == 9


def test_a_buffer_is_full_when_every_stream_is() -> None:
    buffer = ReplayBuffer(4, num_envs=2, seed=0)
    one = np.zeros((2, 1), np.float32)
    for mask, full in (([1, 0], False), ([1, 0], False), ([1, 1], False), ([0, 1], True)):
        buffer.add(one, np.zeros(2, int), np.zeros(2), one, np.zeros(2, bool), mask=np.array(mask, bool))
        assert buffer.is_full() == full


def test_when_the_reserve_runs_out_the_oldest_go_early_with_one_warning() -> None:
    buffer = ReplayBuffer(10, reserve=0.0, seed=0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for place in range(0, 100, 2):
            add(buffer, place, place + 1)
    assert [w.category for w in caught] == [RuntimeWarning]
    assert buffer.stats()["evicted_early"] > 0
    assert buffer.is_full()
    newest = set(range(100 - 2 * len(buffer), 100, 2))
    assert held(buffer) == newest
    assert buffer.is_valid()


@pytest.mark.parametrize("capacity", [1, 2, 3, 4, 5, 6, 10, 33])
def test_without_reserve_there_are_three_spare_slots_and_a_broken_row_takes_two(capacity: int) -> None:
    buffer = ReplayBuffer(capacity, reserve=0.0, seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for place in range(0, 8 * capacity, 2):
            add(buffer, place, place + 1)
    assert len(buffer) == min(capacity, (capacity + 3) // 2)


def test_a_warning_made_an_error_leaves_the_row_stored() -> None:
    buffer = ReplayBuffer(4, reserve=0.0, seed=0)
    for place in range(0, 6, 2):
        add(buffer, place, place + 1)
    with pytest.raises(RuntimeWarning):
        add(buffer, 6, 7)
    assert buffer.is_valid()
    assert held(buffer) == {2, 4, 6}


def test_wide_steps_have_a_small_reserve_and_narrow_ones_a_full_one() -> None:
    early = []
    for size in (100, 10_000):
        buffer = ReplayBuffer(64, seed=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for place in range(200):
                obs = np.full(size, place % 251, np.uint8)
                buffer.add(obs, 0, 0.0, obs + np.uint8(1), True)
        early.append(buffer.stats()["evicted_early"] > 0)
    assert early == [False, True]


def test_wide_steps_of_long_episodes_keep_their_full_capacity() -> None:
    buffer = ReplayBuffer(640, seed=0)
    for place in range(2000):
        obs = np.full(300, place // 251, np.uint8)
        obs[0] = place % 251
        after = np.full(300, (place + 1) // 251, np.uint8)
        after[0] = (place + 1) % 251
        buffer.add(obs, 0, 0.0, after, False, place % 100 == 99)
    assert (len(buffer), buffer.stats()["evicted_early"]) == (640, 0)


def test_an_index_names_one_step_for_ever() -> None:
    buffer = PrioritizedReplayBuffer(3, seed=0)
    walk(buffer, [0, 1, 2, 3, 4, 5])
    assert {index: row.obs for index, row in rows_of(buffer).items()} == {2: 2, 3: 3, 4: 4}
    assert buffer.update_priorities(np.array([0, 1, 2, 0]), np.ones(4)) == 3
    assert buffer.stats()["stale_updates"] == 3


def test_clear_forgets_all_steps_and_makes_all_indices_stale() -> None:
    buffer = PrioritizedReplayBuffer(3, seed=0)
    walk(buffer, [0, 1, 2, 3, 4, 5])  # more than fit
    old = np.array(list(rows_of(buffer)))
    buffer.clear()
    assert (len(buffer), buffer.is_full(), buffer.is_valid()) == (0, False, True)
    with pytest.raises(ValueError, match=r"(?i)empty|no transition|nothing"):
        buffer.sample(1)
    walk(buffer, [2, 3, 4])
    assert buffer.update_priorities(old, np.ones(len(old))) == len(old)
    assert not set(old.tolist()) & set(rows_of(buffer))


def test_after_clear_nothing_joins_what_was_there() -> None:
    buffer = ReplayBuffer(5, n_step=5, gamma=1.0, seed=0)
    walk(buffer, [0, 1])
    buffer.clear()
    add(buffer, 1, 2, reward=7.0)
    assert [(row.obs, row.reward) for row in rows_of(buffer).values()] == [(1, 7)]


def test_clear_keeps_counting_whatever_form_the_next_step_has() -> None:
    for reward in (1.0, np.float32(1), np.asarray(1.0)):  # some are stored as they are, some converted first
        buffer = PrioritizedReplayBuffer(5, seed=0)
        walk(buffer, [0, 1])
        add(buffer, 1, 2)  # evicts nothing
        buffer.update_priorities(np.array([0]), np.ones(1))
        buffer.clear()
        add(buffer, 2, 3, reward=reward)
        assert set(rows_of(buffer)) == {3}


def test_a_batch_outstanding_while_its_steps_are_overwritten_does_no_harm() -> None:
    buffer = PrioritizedReplayBuffer(5, alpha=1.0, priority_eps=0.0, seed=0)
    walk(buffer, [float(place) for place in range(6)])
    first = buffer.sample(20)
    walk(buffer, [float(place) for place in range(5, 9)])
    second = buffer.sample(20)
    gone = int((first.indices < 3).sum())
    assert buffer.update_priorities(first.indices, np.full(20, 1e6)) == gone
    assert buffer.update_priorities(second.indices, np.ones(20)) == 0
    assert buffer.is_valid()


def test_an_extend_longer_than_the_ring_keeps_its_newest_rows() -> None:
    buffer = ReplayBuffer(7, seed=0)
    places = np.arange(1000, dtype=np.float32)[:, None]
    buffer.extend(places, np.zeros(1000, int), places[:, 0], places + 1, np.zeros(1000, bool))
    assert held(buffer) == set(range(993, 1000))
    assert buffer.stats()["added"] == 1000
