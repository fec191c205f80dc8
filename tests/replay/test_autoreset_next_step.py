"""autoreset="next_step": the row from the last observation to the reset's is dropped, and no other."""

from __future__ import annotations

import numpy as np
import pytest
from replay.support.building import add, rows_of, walk
from replay.support.vector_steps import act, held, numbers

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer


@pytest.mark.parametrize("flag", ["terminated", "truncated"])
def test_the_row_after_an_end_is_dropped(flag: str) -> None:
    buffer = ReplayBuffer(20, autoreset="next_step", seed=0)
    walk(buffer, [0, 1, 2], **{flag: True})
    add(buffer, 2, 50)  # from the last observation to the reset's
    walk(buffer, [50, 51, 52])
    assert held(buffer) == [(0, 1), (1, 2), (50, 51), (51, 52)]
    assert (buffer.stats()["dropped"], buffer.stats()["added"]) == (1, 4)
    assert buffer.transitions(n_step=9, gamma=1.0).next_obs.ravel().tolist() == [2, 2, 52, 52]


@pytest.mark.parametrize("mode", [None, "same_step"])
def test_without_next_step_every_row_is_stored(mode: str | None) -> None:
    buffer = ReplayBuffer(20, autoreset=mode, seed=0)
    final = {} if mode is None else {"final_obs": np.float32([2])}
    walk(buffer, [0, 1, 2], terminated=True, **final)
    walk(buffer, [2, 50, 51])
    assert held(buffer) == [(0, 1), (1, 2), (2, 50), (50, 51)]
    assert buffer.stats()["dropped"] == 0


def test_only_a_row_that_begins_with_the_last_observation_is_dropped() -> None:
    buffer = ReplayBuffer(20, autoreset="next_step", seed=0)
    walk(buffer, [0, 1], terminated=True)
    walk(buffer, [50, 51])  # the user has reset the environment himself
    assert held(buffer) == [(0, 1), (50, 51)]
    assert buffer.stats()["dropped"] == 0


def test_a_row_in_mid_episode_is_never_dropped() -> None:
    buffer = ReplayBuffer(20, autoreset="next_step", seed=0)
    walk(buffer, [0, 0, 0, 0])
    assert len(buffer) == 3


def test_at_most_one_row_is_dropped_for_each_end() -> None:
    buffer = ReplayBuffer(20, autoreset="next_step", seed=0)
    walk(buffer, [0, 0], terminated=True)
    add(buffer, 0, 0)
    add(buffer, 0, 0)  # the new episode begins where the old one ended
    add(buffer, 0, 0, truncated=True)
    add(buffer, 0, 0)
    add(buffer, 0, 0)
    assert (len(buffer), buffer.stats()["dropped"]) == (4, 2)
    assert buffer.stats()["segments"] == 3


def test_a_row_dropped_or_not_the_end_is_over_after_the_next_row() -> None:
    buffer = ReplayBuffer(20, autoreset="next_step", seed=0)
    walk(buffer, [0, 1], terminated=True)
    add(buffer, 50, 1)
    add(buffer, 1, 2)  # begins where the first episode ended, but this one has not ended
    assert held(buffer) == [(0, 1), (50, 1), (1, 2)]


def test_new_segment_prevents_dropping() -> None:
    buffer = ReplayBuffer(20, autoreset="next_step", seed=0)
    walk(buffer, [0, 1], terminated=True)
    add(buffer, 1, 2, new_segment=True)
    assert held(buffer) == [(0, 1), (1, 2)]
    unrelated = np.float32([[2], [2]])
    zeros = np.zeros(2, int)
    buffer.extend(unrelated, zeros, np.zeros(2), unrelated, np.ones(2, bool), consecutive=False)
    assert (len(buffer), buffer.stats()["dropped"]) == (4, 0)


def test_a_dropped_row_may_itself_say_anything() -> None:
    buffer = PrioritizedReplayBuffer(20, autoreset="next_step", alpha=1.0, priority_eps=0.0, seed=0)
    walk(buffer, [0, 1], terminated=True)
    add(buffer, 1, 9, reward=7, truncated=True, priority=1e6)  # whatever comes with it does not count
    walk(buffer, [9, 10])
    assert held(buffer) == [(0, 1), (9, 10)]
    rows = rows_of(buffer, beta=1.0)
    assert {row.weight for row in rows.values()} == {1.0}


def test_each_environment_drops_its_own_row() -> None:
    buffer = ReplayBuffer(40, num_envs=2, autoreset="next_step", seed=0)
    act(buffer, numbers(0, 100), numbers(1, 101), [True, False])
    act(buffer, numbers(1, 101), numbers(50, 102), [False, True])
    act(buffer, numbers(50, 102), numbers(51, 150))
    act(buffer, numbers(51, 150), numbers(52, 151))
    assert held(buffer) == [(0, 1), (50, 51), (51, 52), (100, 101), (101, 102), (150, 151)]
    assert buffer.stats()["dropped"] == 2


def test_a_row_that_is_masked_out_is_not_the_one_that_is_dropped() -> None:
    buffer = ReplayBuffer(40, num_envs=2, autoreset="next_step", seed=0)
    act(buffer, numbers(0, 0), numbers(1, 1), [True, True])
    act(buffer, numbers(1, 1), numbers(50, 50), mask=np.array([True, False]))
    assert buffer.stats()["dropped"] == 1
    act(buffer, numbers(50, 1), numbers(51, 50))
    assert buffer.stats()["dropped"] == 2
    assert held(buffer) == [(0, 1), (50, 51), (0, 1)]


def test_the_whole_stack_and_all_keys_are_compared() -> None:
    stacked = ReplayBuffer(20, autoreset="next_step", frame_stack=2, seed=0)
    stacked.add(np.float32([1, 2]), 0, 0.0, np.float32([2, 3]), True)
    stacked.add(np.float32([9, 3]), 0, 0.0, np.float32([3, 3]), False)
    assert (len(stacked), stacked.stats()["dropped"]) == (2, 0)
    keys = ReplayBuffer(20, autoreset="next_step", seed=0)
    keys.add({"a": 0, "b": 0}, 0, 0.0, {"a": 1, "b": 1}, True)
    keys.add({"a": 1, "b": 2}, 0, 0.0, {"a": 3, "b": 3}, False)
    assert (len(keys), keys.stats()["dropped"]) == (2, 0)


def test_after_clear_nothing_is_dropped() -> None:
    buffer = ReplayBuffer(20, autoreset="next_step", seed=0)
    walk(buffer, [0, 1], terminated=True)
    buffer.clear()
    add(buffer, 1, 2, reward=3.0)
    assert (buffer.stats()["dropped"], held(buffer)) == (0, [(1, 2)])


def test_a_context_does_not_cancel_the_drop_and_goes_on_waiting() -> None:
    buffer = ReplayBuffer(20, autoreset="next_step", seed=0)
    walk(buffer, [0, 1], terminated=True)
    buffer.add_context(np.float32([5]))
    buffer.add_context(np.float32([6]))
    add(buffer, 1, 7)  # the row of the reset
    assert (buffer.stats()["dropped"], held(buffer)) == (1, [(0, 1)])
    add(buffer, 7, 8)
    assert held(buffer) == [(0, 1), (7, 8)]
    batch = buffer.sample_segments(50)
    lengths = set(np.diff(batch.offsets).tolist())
    assert lengths == {2, 4}  # the context belongs to the second segment


def test_a_context_that_pushed_the_last_observation_out_cancels_the_drop() -> None:
    buffer = ReplayBuffer(4, autoreset="next_step", reserve=0.0, seed=0)  # seven slots
    walk(buffer, [0, 1], terminated=True)
    with pytest.warns(RuntimeWarning, match="context steps"):
        for place in range(7):
            buffer.add_context(np.float32([place]))
    add(buffer, 1, 2)
    assert (buffer.stats()["dropped"], held(buffer)) == (0, [(1, 2)])


@pytest.mark.filterwarnings("ignore:the oldest transitions are evicted:RuntimeWarning")
@pytest.mark.parametrize("contexts", range(12))
def test_the_row_of_a_reset_is_dropped_as_long_as_the_last_observation_is_held(contexts: int) -> None:
    buffer = ReplayBuffer(3, reserve=0.0, autoreset="next_step", seed=0)  # six slots
    add(buffer, 0, 1, terminated=True)
    buffer.extend_context(np.full((contexts, 1), 9, np.float32))
    is_held = buffer.stats()["steps"] >= contexts + 1
    assert is_held == (contexts < 5)
    add(buffer, 1, 50)
    assert buffer.stats()["dropped"] == int(is_held)


def test_extend_drops_the_rows_of_resets_too() -> None:
    buffer = ReplayBuffer(20, autoreset="next_step", seed=0)
    places = np.float32([0, 1, 2, 50, 51])[:, None]
    ended = np.array([False, True, False, False])
    buffer.extend(places[:-1], np.zeros(4), np.zeros(4), places[1:], ended)
    assert held(buffer) == [(0, 1), (1, 2), (50, 51)]
