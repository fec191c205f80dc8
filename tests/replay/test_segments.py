"""Which transitions are read as one episode, and the streams that try to fool that rule."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from replay.support.building import add, rows_of, walk

from dqn_fast import ReplayBuffer


def far_rewards(buffer: Any) -> dict[int, float]:
    """The undiscounted return to the end of each row's segment: it shows where segments end."""
    return {index: float(row.reward) for index, row in rows_of(buffer, n_step=1000, gamma=1.0).items()}


def test_equal_observations_join() -> None:
    buffer = ReplayBuffer(8, seed=0)
    walk(buffer, [0, 1, 2])
    assert far_rewards(buffer) == {0: 3, 1: 2}
    assert buffer.stats()["segments"] == 1


def test_a_user_s_own_reset_in_mid_episode_begins_a_segment() -> None:
    buffer = ReplayBuffer(8, seed=0)
    walk(buffer, [0, 1, 2])
    walk(buffer, [0, 1, 2])
    assert far_rewards(buffer) == {0: 3, 1: 2, 3: 3, 4: 2}
    assert buffer.stats()["segments"] == 2


def test_new_segment_forbids_a_join_of_equal_observations() -> None:
    buffer = ReplayBuffer(8, seed=0)
    add(buffer, 0, 1, reward=1)
    add(buffer, 1, 2, reward=10, new_segment=True)
    assert far_rewards(buffer) == {0: 1, 2: 10}


def test_in_a_bandit_each_pull_that_ends_an_episode_stands_alone() -> None:
    buffer = ReplayBuffer(8, seed=0)
    for reward in (1, 2, 3):
        add(buffer, 0, 0, reward=reward, terminated=True)
    assert sorted(far_rewards(buffer).values()) == [1, 2, 3]


def test_in_a_corridor_the_reset_to_the_goal_is_no_continuation() -> None:
    buffer = ReplayBuffer(8, seed=0)
    walk(buffer, [0, 0, 0], truncated=True)
    walk(buffer, [0, 0, 0])
    assert far_rewards(buffer) == {0: 3, 1: 2, 3: 3, 4: 2}


def test_shuffled_transitions_come_back_exactly() -> None:
    buffer = ReplayBuffer(200, seed=0)
    order = np.random.default_rng(0).permutation(200)
    for place in order:
        add(buffer, place, place + 1, reward=place)
    rows = sorted((row.obs, row.next_obs, row.reward) for row in rows_of(buffer, n_step=1).values())
    assert rows == [(place, place + 1, place) for place in range(200)]


def test_unrelated_rows_of_few_observations_are_not_read_as_one_episode() -> None:
    buffer = ReplayBuffer(8, seed=0)
    same = np.zeros((4, 1), np.float32)
    rewards = np.float32([1, 2, 3, 4])
    buffer.extend(same, np.zeros(4, int), rewards, same, np.zeros(4, bool), consecutive=False)
    assert sorted(far_rewards(buffer).values()) == [1, 2, 3, 4]


def test_consecutive_rows_are_read_as_one_episode() -> None:
    buffer = ReplayBuffer(8, seed=0)
    same = np.zeros((4, 1), np.float32)
    buffer.extend(same, np.zeros(4, int), np.float32([1, 2, 3, 4]), same, np.zeros(4, bool))
    assert far_rewards(buffer) == {0: 10, 1: 9, 2: 7, 3: 4}


def test_several_environments_fed_into_one_stream_keep_their_transitions() -> None:
    buffer = ReplayBuffer(60, seed=0)
    for place in range(20):
        for environment in (0, 100, 200):
            add(buffer, environment + place, environment + place + 1, reward=1)
    rows = rows_of(buffer, n_step=5)
    assert all(row.next_obs == row.obs + 1 for row in rows.values())
    assert len(rows) == 60


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param([0.0], [-0.0], id="another sign of zero"),
        pytest.param([1.0], [np.nextafter(np.float32(1), np.float32(2))], id="the next float"),
        pytest.param([0.0] * 200 + [0.0], [0.0] * 200 + [1.0], id="only the last element differs"),
        pytest.param([0.0] + [0.0] * 200, [1.0] + [0.0] * 200, id="only the first element differs"),
    ],
)
def test_one_other_bit_breaks(before: list[float], after: list[float]) -> None:
    buffer = ReplayBuffer(8, seed=0)
    first, last = np.float32(before), np.float32(after)
    buffer.add(first, 0, 1.0, first, False)
    buffer.add(last, 0, 2.0, last, False)
    assert buffer.stats()["segments"] == 2


def test_the_same_nan_joins() -> None:
    buffer = ReplayBuffer(8, seed=0)
    for _ in range(2):
        add(buffer, np.nan, np.nan, reward=1)
    assert far_rewards(buffer) == {0: 2, 1: 1}


def test_bytes_are_compared_as_they_are_stored() -> None:
    buffer = ReplayBuffer(8, seed=0)
    buffer.add(np.float32([0]), 0, 1.0, np.float32([0.1]), False)
    buffer.add(np.array([0.1]), 0, 2.0, np.float32([0.2]), False)  # a float64 that rounds to the same float32
    assert far_rewards(buffer) == {0: 3, 1: 2}


def test_each_environment_has_its_own_stream() -> None:
    buffer = ReplayBuffer(20, num_envs=2, seed=0)
    for place in range(3):
        obs = np.float32([[place], [place + 100]])
        buffer.add(obs, np.zeros(2, int), np.float32([1, 10]), obs + 1, np.array([place == 0, False]))
    assert far_rewards(buffer) == {0: 1, 1: 30, 4: 2, 3: 20, 6: 1, 5: 10}


def test_masked_out_rows_touch_nothing() -> None:
    buffer = ReplayBuffer(20, num_envs=2, seed=0)
    one = np.float32([[0], [0]])
    for mask in ([True, True], [True, False], [True, True]):
        buffer.add(one, np.zeros(2, int), np.float32([1, 10]), one, np.zeros(2, bool), mask=np.array(mask))
    assert far_rewards(buffer) == {0: 3, 2: 2, 4: 1, 1: 20, 3: 10}
    assert (len(buffer), buffer.stats()["added"]) == (5, 5)


def test_new_segment_for_some_environments() -> None:
    buffer = ReplayBuffer(20, num_envs=2, seed=0)
    one = np.float32([[0], [0]])
    for new in (False, np.array([False, True])):
        buffer.add(one, np.zeros(2, int), np.float32([1, 1]), one, np.zeros(2, bool), new_segment=new)
    assert far_rewards(buffer) == {0: 2, 2: 1, 1: 1, 5: 1}
