"""A collector sums returns, resets its policy where episodes begin, and resumes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces
from training.counting import Counting
from training.tiny import Tiny

from dqn_fast import ReplayBuffer
from dqn_fast.envs import SerialEnvironments, Step, make_environments
from dqn_fast.errors import NotFiniteError
from dqn_fast.training.collector import Collector
from dqn_fast.training.metrics import Metrics
from dqn_fast.training.storing import make_store


class Scripted:
    """Environments that give these steps, in turn."""

    observation_space = spaces.Discrete(2)
    action_space = spaces.Discrete(2)

    def __init__(self, num_envs: int, steps: Sequence[Step]) -> None:
        self.num_envs = num_envs
        self._steps = iter(steps)

    def reset(self) -> Any:
        return np.zeros(self.num_envs)

    def step(self, action: Any) -> Step:
        return next(self._steps)

    def state(self) -> None:
        return None

    def restore(self, state: Any) -> None:
        return None

    def close(self) -> None:
        pass


def step(reward: Sequence[float], ended: Sequence[int] = (), mask: Sequence[bool] | None = None) -> Step:
    none = np.zeros(len(reward), np.bool_)
    return Step(None, np.array(reward), None, none, none, ended, None if mask is None else np.array(mask))


def ignore(obs: Any, action: Any, after: Step, extras: Mapping[str, Any]) -> None:
    """Store nothing."""


def scripted(steps: Sequence[Step]) -> tuple[Collector, Counting, Metrics]:
    policy, metrics = Counting(len(steps[0].reward)), Metrics(return_window=10)
    collector = Collector(Scripted(len(steps[0].reward), steps), policy, ignore, metrics)
    collector.begin()
    return collector, policy, metrics


def test_the_returns_of_several_environments_are_kept_apart() -> None:
    steps = [
        step([1.0, 10.0, 100.0]),
        step([2.0, 20.0, 200.0], [1]),
        step([4.0, 40.0, 400.0], [0, 1]),
    ]
    collector, _, metrics = scripted(steps)
    assert [collector.collect(1) for _ in steps] == [3, 3, 3]
    assert metrics.returns == [30.0, 7.0, 40.0]


def test_a_policy_is_reset_where_episodes_end_and_nowhere_else() -> None:
    collector, policy, _ = scripted([step([0.0, 0.0]), step([0.0, 0.0], [1]), step([0.0, 0.0])])
    counts = []
    for number in (1, 2, 3):
        collector.collect(number)
        counts.append(policy.counts.tolist())
    assert counts == [[1, 1], [2, 0], [3, 1]]


def test_a_step_that_was_spent_on_a_reset_is_neither_counted_nor_remembered() -> None:
    steps = [step([1.0, 1.0], [1]), step([1.0, 0.0], mask=[True, False]), step([1.0, 1.0])]
    collector, policy, _ = scripted(steps)
    assert [collector.collect(1) for _ in steps] == [2, 1, 2]
    assert policy.counts.tolist() == [3, 1]


def test_episodes_that_cannot_go_on_begin_anew_and_count_for_nothing() -> None:
    collector, _, _ = scripted([step([5.0])])
    collector.collect(1)
    state = collector.state_dict()
    later, policy, metrics = scripted([step([1.0], [0])])
    with pytest.warns(UserWarning, match="cannot be restored; new episodes begin"):
        later.load_state_dict(state)
    assert policy.counts.tolist() == [1]
    later.begin()
    assert policy.counts.tolist() == [0]
    later.collect(2)
    assert metrics.returns == [1.0]


@pytest.mark.parametrize("num_envs", [1, 3])
def test_what_a_policy_remembers_is_stored_beside_each_step(num_envs: int) -> None:
    environments = SerialEnvironments([Tiny() for _ in range(num_envs)], seed=0)
    policy, metrics = Counting(num_envs), Metrics(return_window=1000)
    buffer = ReplayBuffer(
        600, environments.observation_space, num_envs=num_envs, extra_fields={"count": ((), np.int64)}
    )
    collector = Collector(environments, policy, make_store(buffer, num_envs), metrics)
    collector.begin()
    for number in range(100):
        collector.collect(number + 1)
    stored = buffer.transitions()
    for env in range(num_envs):
        count, ended = (
            column[stored.indices % num_envs == env]
            for column in (stored.extra["count"], stored.terminated | stored.truncated)
        )
        starts = np.flatnonzero(np.concatenate([[True], ended[:-1]]))
        lengths = np.diff(np.append(starts, len(count)))
        assert len(lengths) > 5
        assert count.tolist() == np.concatenate([np.arange(length) for length in lengths]).tolist()


def test_a_vector_that_resets_in_the_next_step_has_no_count_of_its_resets() -> None:
    environments = make_environments("CartPole-v1", 2, 0, vectorization="native")
    policy, metrics = Counting(2), Metrics(return_window=1000)
    buffer = ReplayBuffer(
        600, environments.observation_space, num_envs=2, extra_fields={"count": ((), np.int64)}
    )
    collector = Collector(environments, policy, make_store(buffer, 2), metrics)
    collector.begin()
    made = sum(collector.collect(1) for _ in range(150))
    environments.close()
    stored = buffer.transitions()
    assert made == len(stored.reward) < 300
    # CartPole gives 1 for each step: episodes are as long as they return.
    last = stored.extra["count"][stored.terminated | stored.truncated]
    assert sorted(last + 1.0) == sorted(metrics.returns)


def test_it_goes_on_from_its_state() -> None:
    def collected(policy: Counting, parts: Sequence[int]) -> tuple[list[float], list[int]]:
        metrics, state = Metrics(return_window=1000), None
        for steps in parts:
            environments = SerialEnvironments([Tiny(), Tiny()], seed=0)
            collector = Collector(environments, policy, ignore, metrics)
            if state:
                policy.reset([0, 1])
                collector.load_state_dict(state)
            collector.begin()
            for _ in range(steps):
                collector.collect(1)
            state = collector.state_dict()
        return metrics.returns, policy.counts.tolist()

    assert collected(Counting(2), [57]) == collected(Counting(2), [13, 30, 14])


@pytest.mark.parametrize(
    ("reward", "line"),
    [
        ([np.nan], "reward: got nan, expected a finite number, at environment step 1,234"),
        ([-np.inf], "reward: got -inf, expected a finite number, at environment step 1,234"),
        (
            [0.0, np.inf, -np.inf],
            "reward of environment 1: got inf, expected a finite number, at environment step 1,234",
        ),
    ],
)
def test_a_reward_that_is_not_finite_is_named_and_not_stored(reward: Sequence[float], line: str) -> None:
    stored = list[Any]()
    environments = Scripted(len(reward), [step(reward)])
    policy, metrics = Counting(len(reward)), Metrics(return_window=10)
    collector = Collector(environments, policy, lambda *args: stored.append(args), metrics)
    collector.begin()
    with pytest.raises(NotFiniteError, match=f"^{line}$"):
        collector.collect(1234)
    assert not stored


def test_finite_rewards_may_add_up_to_infinity() -> None:
    collector, _, _ = scripted([step([1e308, 1e308])])
    assert collector.collect(1) == 2
