"""ε-greedy: its frequencies, and that it is repeatable."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from dqn_fast.agent import EpsilonGreedy, LinearSchedule


def constant(epsilon: float) -> LinearSchedule:
    return LinearSchedule(epsilon, epsilon, 0)


@pytest.mark.parametrize("epsilon", [0.05, 0.3, 1.0])
@pytest.mark.parametrize("num_actions", [2, 5])
def test_frequencies(epsilon: float, num_actions: int) -> None:
    draws, greedy = 20_000, 1
    exploration = EpsilonGreedy(constant(epsilon), num_actions, np.random.default_rng(1))
    actions = [exploration.choose(lambda: greedy, step) for step in range(draws)]
    expected = np.full(num_actions, epsilon / num_actions)
    expected[greedy] += 1 - epsilon
    assert stats.chisquare(np.bincount(actions, minlength=num_actions), draws * expected).pvalue > 1e-3


def test_epsilon_follows_the_schedule() -> None:
    exploration = EpsilonGreedy(LinearSchedule(1.0, 0.0, 1000), 2, np.random.default_rng(0))
    greedy_calls: list[int] = []
    for step in range(2000):
        exploration.choose(lambda step=step: greedy_calls.append(step) or 0, step)
    first, second, rest = np.histogram(greedy_calls, [0, 500, 1000, 2000])[0]
    assert stats.binomtest(int(first), 500, 0.25).pvalue > 1e-3
    assert stats.binomtest(int(second), 500, 0.75).pvalue > 1e-3
    assert rest == 1000


def test_with_epsilon_one_the_network_is_not_asked() -> None:
    exploration = EpsilonGreedy(constant(1.0), 3, np.random.default_rng(0))
    for step in range(100):
        exploration.choose(lambda: pytest.fail("asked"), step)


def test_the_same_seed_gives_the_same_actions() -> None:
    first, second, other = (
        [EpsilonGreedy(constant(0.5), 4, generator).choose(lambda: 0, step) for step in range(200)]
        for generator in map(np.random.default_rng, (7, 7, 8))
    )
    assert first == second != other


def test_no_actions_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"^num_actions is 0, expected at least 1$"):
        EpsilonGreedy(constant(0.5), 0, np.random.default_rng(0))
