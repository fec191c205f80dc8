"""ε-greedy explores as often as it says, and repeatably."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from itertools import cycle
from typing import Any, NoReturn

import numpy as np
import pytest
from scipy import stats

from dqn_fast.agent import EpsilonGreedy, LinearSchedule


def all_legal() -> None:
    return None


def unasked() -> NoReturn:
    pytest.fail("asked")


def prefers(*actions: int) -> Callable[[], np.ndarray]:
    """Values whose best is this action in each environment, whether it can be drawn or not."""
    return lambda: np.eye(max(actions) + 1)[list(actions)]


def constant(epsilon: float) -> LinearSchedule:
    return LinearSchedule(epsilon, epsilon, 0)


@pytest.mark.parametrize("epsilon", [0.05, 0.3, 1.0])
@pytest.mark.parametrize("num_actions", [2, 5])
def test_frequencies(epsilon: float, num_actions: int) -> None:
    draws, greedy = 20_000, 1
    exploration = EpsilonGreedy(constant(epsilon), num_actions, np.random.default_rng(1))
    actions = [exploration.choose(prefers(greedy), step, all_legal)[0] for step in range(draws)]
    expected = np.full(num_actions, epsilon / num_actions)
    expected[greedy] += 1 - epsilon
    assert stats.chisquare(np.bincount(actions, minlength=num_actions), draws * expected).pvalue > 1e-3


def test_epsilon_follows_the_schedule() -> None:
    exploration = EpsilonGreedy(LinearSchedule(1.0, 0.0, 1000), 2, np.random.default_rng(0))
    greedy_calls: list[int] = []

    for step in range(2000):
        exploration.choose(lambda step=step: greedy_calls.append(step) or np.zeros((1, 2)), step, all_legal)
    first, second, rest = np.histogram(greedy_calls, [0, 500, 1000, 2000])[0]
    assert stats.binomtest(int(first), 500, 0.25).pvalue > 1e-3
    assert stats.binomtest(int(second), 500, 0.75).pvalue > 1e-3
    assert rest == 1000


def test_with_epsilon_one_the_network_is_not_asked() -> None:
    exploration = EpsilonGreedy(constant(1.0), 3, np.random.default_rng(0))
    for step in range(100):
        exploration.choose(unasked, step, all_legal)


def test_the_same_seed_gives_the_same_actions() -> None:
    first, second, other = (
        [exploration.choose(prefers(0), 0, all_legal)[0] for _ in range(200)]
        for exploration in (
            EpsilonGreedy(constant(0.5), 4, generator) for generator in map(np.random.default_rng, (7, 7, 8))
        )
    )
    assert first == second != other


def choices(draws: int, **settings: Any) -> np.ndarray:
    """Which environments explored, `(draws, num_envs)`: the greedy action, 99, is none that is drawn."""
    num_envs = settings["num_envs"]
    exploration = EpsilonGreedy(constant(0.4), 3, np.random.default_rng(2), **settings)
    return np.array([exploration.choose(prefers(*[99] * num_envs), 0, all_legal) for _ in range(draws)]) != 99


def test_every_environment_tosses_its_own_coin() -> None:
    draws = 20_000
    explored = choices(draws, num_envs=3)
    for environment in range(3):
        assert stats.binomtest(int(explored[:, environment].sum()), draws, 0.4).pvalue > 1e-3
    together = int((explored[:, 0] & explored[:, 1]).sum())
    assert stats.binomtest(together, draws, 0.4**2).pvalue > 1e-3


def test_a_spread_gives_each_environment_its_own_epsilon() -> None:
    draws = 20_000
    explored = choices(draws, num_envs=4, spread=7)
    for environment in range(4):
        epsilon = 0.4 ** (1 + 7 * environment / 3)  # Ape-X's formula
        assert stats.binomtest(int(explored[:, environment].sum()), draws, epsilon).pvalue > 1e-3


def test_random_actions_are_legal_and_each_legal_one_is_as_likely() -> None:
    legal = np.array([[True, False, True], [False, True, False]])
    exploration = EpsilonGreedy(constant(1.0), 3, np.random.default_rng(4), num_envs=2)
    actions = np.array([exploration.choose(unasked, 0, lambda: legal) for _ in range(10_000)])
    assert set(actions[:, 0]) == {0, 2}
    assert set(actions[:, 1]) == {1}
    assert stats.binomtest(int((actions[:, 0] == 0).sum()), 10_000, 0.5).pvalue > 1e-3


def test_one_environment_draws_what_arrays_of_two_would_be() -> None:
    generator, twin = np.random.default_rng(9), np.random.default_rng(9)
    exploration = EpsilonGreedy(constant(0.5), 7, generator)
    for _ in range(200):
        coin, pick = twin.random(2)
        action = exploration.choose(lambda: np.eye(1, 7, 3, np.float32), 0, all_legal)
        assert action.tolist() == [int(pick * 7) if coin < 0.5 else 3]


def test_the_largest_pick_is_the_last_action() -> None:
    """Multiplied by a number of actions it must not be rounded up to that number."""

    numbers = cycle([0.0, np.nextafter(1.0, 0.0)])

    class Largest(np.random.Generator):
        def random(self, *_: Any) -> Any:  # type: ignore[override]
            return next(numbers)

    generator = Largest(np.random.PCG64(0))
    for num_actions in range(1, 2000):
        exploration = EpsilonGreedy(constant(1.0), num_actions, generator)
        legal = np.ones((1, num_actions), np.bool_)
        for mask in (all_legal, lambda legal=legal: legal):
            assert exploration.choose(unasked, 0, mask) == [num_actions - 1]


def test_a_repeated_action_lasts_as_long_as_its_zeta_distribution_says() -> None:
    """Runs of environments that often explore, against the distribution itself."""
    steps, num_envs, exponent = 5_000, 3, 2.5
    exploration = EpsilonGreedy(
        constant(0.25), 1000, np.random.default_rng(5), num_envs=num_envs, repeat=exponent
    )
    greedy = prefers(*[1000] * num_envs)
    actions = np.array([exploration.choose(greedy, 0, all_legal) for _ in range(steps)])
    lengths: list[int] = []
    for column in actions.T:
        ends = np.flatnonzero(np.diff(column)) + 1
        runs = [run for run in np.split(column, ends)[1:-1] if run[0] != 1000]
        lengths += [len(run) for run in runs]
    expected = stats.zipf(exponent).pmf(np.arange(1, 5)) * len(lengths)
    found = np.bincount(lengths, minlength=6)[1:5]
    rest = len(lengths) - found.sum(), len(lengths) - expected.sum()
    assert stats.chisquare([*found, rest[0]], [*expected, rest[1]]).pvalue > 1e-3


def test_a_repeated_action_that_has_become_illegal_is_not_taken() -> None:
    exploration = EpsilonGreedy(constant(1.0), 3, np.random.default_rng(0), repeat=1.1)
    for step in range(300):
        legal = np.array([[step % 7 != action for action in range(3)]])
        (action,) = exploration.choose(unasked, step, lambda legal=legal: legal)
        assert legal[0, action]


def test_saved_exploration_goes_on_in_the_middle_of_a_repetition() -> None:
    first, second = (
        EpsilonGreedy(constant(0.3), 9, np.random.default_rng(seed), num_envs=2, repeat=1.5)
        for seed in (0, 1)
    )
    greedy = prefers(9, 9)
    for _ in range(50):
        first.choose(greedy, 0, all_legal)
    second.load_state_dict(pickle.loads(pickle.dumps(first.state_dict())))
    for _ in range(200):
        assert first.choose(greedy, 0, all_legal).tolist() == second.choose(greedy, 0, all_legal).tolist()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_actions": 0}, "num_actions: got 0, expected at least 1"),
        ({"num_actions": 2, "num_envs": 0}, "num_envs: got 0, expected at least 1"),
        ({"num_actions": 2, "spread": -1.0}, "spread: got -1.0, expected at least 0"),
        ({"num_actions": 2, "repeat": 1.0}, "repeat: got 1.0, expected 0 or above 1"),
    ],
)
def test_bad_settings(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        EpsilonGreedy(constant(0.5), generator=np.random.default_rng(0), **settings)


def test_who_does_not_explore_does_not_ask_what_is_legal() -> None:
    exploration = EpsilonGreedy(constant(0.0), 3, np.random.default_rng(0), num_envs=2)
    assert exploration.choose(prefers(1, 2), 0, unasked).tolist() == [1, 2]


def test_figures() -> None:
    schedule = LinearSchedule(1.0, 0.5, 10)
    exploration = EpsilonGreedy(schedule, 3, np.random.default_rng(0), num_envs=2, spread=7)
    assert exploration.figures(5) == {"epsilon": 0.75}
