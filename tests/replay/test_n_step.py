"""What a transition view gives: n-step returns, the bootstrap's discount, and where a window stops."""

from __future__ import annotations

import numpy as np
import pytest
from replay.support.building import add, rows_of, walk

from dqn_fast import ReplayBuffer


def test_termination_does_not_bootstrap() -> None:
    buffer = ReplayBuffer(8, seed=0)
    add(buffer, 0, 1, reward=5.0, terminated=True)
    row = rows_of(buffer)[0]
    assert (row.reward, row.discount, row.terminated, row.truncated) == (5.0, 0.0, True, False)


def test_truncation_bootstraps_from_the_true_last_observation() -> None:
    buffer = ReplayBuffer(8, gamma=0.5, seed=0)
    add(buffer, 0, 9, terminated=False, truncated=True)
    add(buffer, 100, 101)  # the next episode's first step
    row = rows_of(buffer)[0]
    assert (row.next_obs, row.discount, row.terminated, row.truncated) == (9, 0.5, False, True)


def test_a_step_that_is_both_terminated_and_truncated_does_not_bootstrap() -> None:
    buffer = ReplayBuffer(8, seed=0)
    add(buffer, 0, 1, terminated=True, truncated=True)
    row = rows_of(buffer)[0]
    assert (row.discount, row.terminated, row.truncated) == (0.0, True, True)


def test_a_break_sets_no_flag_and_bootstraps() -> None:
    buffer = ReplayBuffer(8, n_step=3, gamma=0.5, seed=0)
    walk(buffer, [0, 1, 2])
    add(buffer, 50, 51)
    row = rows_of(buffer)[1]
    assert (row.next_obs, row.discount, row.terminated, row.truncated) == (2, 0.5, False, False)


def test_the_n_step_return_sums_discounted_rewards() -> None:
    buffer = ReplayBuffer(8, n_step=3, gamma=0.5, seed=0)
    walk(buffer, [0, 1, 2, 3, 4])
    row = rows_of(buffer)[0]
    assert (row.obs, row.next_obs, row.reward, row.discount) == (0, 3, 1 + 2 / 2 + 3 / 4, 0.125)


def test_the_tails_of_an_episode_are_kept_with_shorter_horizons() -> None:
    buffer = ReplayBuffer(8, n_step=3, gamma=0.5, seed=0)
    walk(buffer, [0, 1, 2, 3], truncated=True)
    rows = rows_of(buffer)
    assert [rows[i].reward for i in (0, 1, 2)] == [1 + 2 / 2 + 3 / 4, 2 + 3 / 2, 3]
    assert [rows[i].discount for i in (0, 1, 2)] == [0.125, 0.25, 0.5]
    assert [rows[i].next_obs for i in (0, 1, 2)] == [3, 3, 3]


@pytest.mark.parametrize("end", ["terminated", "truncated"])
def test_no_window_crosses_an_end_even_if_the_next_episode_begins_where_it_ended(end: str) -> None:
    buffer = ReplayBuffer(8, n_step=5, gamma=1.0, seed=0)
    walk(buffer, [0, 1, 2], **{end: True})
    add(buffer, 2, 3, reward=1000.0)
    rows = rows_of(buffer)
    assert [rows[i].reward for i in (0, 1)] == [3, 2]
    assert [rows[i].next_obs for i in (0, 1)] == [2, 2]


def test_the_flags_of_a_window_are_those_of_its_last_step() -> None:
    buffer = ReplayBuffer(8, n_step=2, seed=0)
    walk(buffer, [0, 1, 2, 3], terminated=True)
    rows = rows_of(buffer)
    assert [rows[i].terminated for i in (0, 1, 2)] == [False, True, True]
    assert rows[1].discount == 0


def test_action_and_extra_fields_are_those_of_the_first_step() -> None:
    buffer = ReplayBuffer(8, n_step=2, extra_fields={"log_prob": ((), "float32")}, seed=0)
    add(buffer, 0, 1, action=7, log_prob=-0.5)
    add(buffer, 1, 2, action=8, log_prob=-0.25)
    row = rows_of(buffer)[0]
    assert (row.action, row.log_prob, row.next_obs) == (7, -0.5, 2)


def test_horizon_and_gamma_are_chosen_anew_at_each_sample() -> None:
    buffer = ReplayBuffer(8, n_step=1, gamma=0.9, seed=0)
    walk(buffer, [0, 1, 2, 3])
    assert rows_of(buffer)[0].next_obs == 1
    row = rows_of(buffer, n_step=2, gamma=0.5)[0]
    assert (row.next_obs, row.reward, row.discount) == (2, 2.0, 0.25)
    assert rows_of(buffer)[0].discount == np.float32(0.9)


def test_a_window_grows_as_steps_are_recorded() -> None:
    buffer = ReplayBuffer(8, n_step=3, gamma=1.0, seed=0)
    seen = []
    for place in range(4):
        add(buffer, place, place + 1, reward=1.0)
        seen.append(rows_of(buffer)[0].reward)
    assert seen == [1, 2, 3, 3]


def test_a_window_is_whole_over_the_ring_s_seam() -> None:
    buffer = ReplayBuffer(5, n_step=4, gamma=1.0, reserve=0.0, seed=0)
    for place in range(100):
        add(buffer, place, place + 1, reward=float(place))
        for index, row in rows_of(buffer).items():
            last = min(index + 4, place + 1)
            assert (row.obs, row.next_obs, row.reward) == (index, last, sum(range(index, last)))


def test_rewards_are_summed_in_float64_and_rounded_once() -> None:
    buffer = ReplayBuffer(8, n_step=3, gamma=1.0, seed=0)
    for place, reward in enumerate((1.0, 2.0**-24, 2.0**-24)):  # each alone is lost beside 1 in float32
        add(buffer, place, place + 1, reward=reward)
    assert rows_of(buffer)[0].reward == np.float32(1 + 2.0**-23)


def test_a_float64_reward_comes_back_as_it_was() -> None:
    buffer = ReplayBuffer(8, seed=0)
    buffer.add(np.zeros(1), 0, np.asarray(0.1), np.ones(1), False)
    batch = buffer.sample(1)
    assert (batch.reward.dtype, batch.discount.dtype) == (np.float64, np.float64)
    assert batch.reward[0] == 0.1


@pytest.mark.parametrize("reward", [-0.0, np.inf, -np.inf, np.nan, 3e38])
def test_odd_rewards_come_back_exactly(reward: float) -> None:
    buffer = ReplayBuffer(2, seed=0)
    add(buffer, 0, 1, reward=reward)
    assert buffer.sample(1).reward.tobytes() == np.float32(reward).tobytes()


def test_gamma_zero_bootstraps_nothing_and_keeps_the_first_reward() -> None:
    buffer = ReplayBuffer(8, n_step=3, gamma=0.0, seed=0)
    walk(buffer, [0, 1, 2, 3])
    row = rows_of(buffer)[0]
    assert (row.reward, row.discount, row.next_obs) == (1, 0, 3)
