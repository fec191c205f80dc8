"""Evaluation plays the greedy policy, on the same episodes each time."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from training.tiny import Tiny

from dqn_fast.agent import QNetwork, make_q_net
from dqn_fast.training import evaluate


def always(action: int) -> QNetwork:
    q_net = make_q_net(Tiny.observation_space, Tiny.action_space, (), torch.Generator().manual_seed(0))
    with torch.no_grad():
        q_net.head.weight.zero_()
        q_net.head.bias.copy_(torch.eye(2)[action])
    return q_net


def test_returns_are_those_of_the_policy() -> None:
    right, left = (evaluate(always(action), Tiny(), 20, seed=0) for action in (1, 0))
    assert right is not None
    assert left is not None
    assert right.returns == [1.0] * 20
    assert left.returns == [0.0] * 20
    assert str(right) == "return 1.0 ± 0.0 over 20 episodes (ε = 0)"


def test_each_episode_has_its_own_seed() -> None:
    class Starts(Tiny):
        def __init__(self) -> None:
            self.places: list[int] = []

        def reset(self, **arguments: object) -> tuple[object, dict[str, object]]:
            result = super().reset(**arguments)  # type: ignore[arg-type]
            self.places.append(self.place)
            return result

    def places(action: int, seed: int) -> list[int]:
        env = Starts()
        evaluate(always(action), env, 30, seed=seed)
        return env.places

    assert places(0, 5) == places(1, 5) != places(0, 500)
    assert places(0, 5)[1:] == places(0, 6)[:-1]
    assert set(places(0, 5)) == {0, 1}


def test_gives_up_when_asked() -> None:
    assert evaluate(always(0), Tiny(), 20, seed=0, should_stop=lambda: True) is None


def test_mean_and_spread() -> None:
    class Random(Tiny):
        def step(self, action: object) -> tuple[object, float, bool, bool, dict[str, object]]:
            return self._obs(), float(self.place), True, False, {}

    evaluation = evaluate(always(0), Random(), 50, seed=0)
    assert evaluation is not None
    assert evaluation.mean == np.mean(evaluation.returns)
    assert evaluation.std == np.std(evaluation.returns) > 0


def test_an_endless_episode_is_cut() -> None:
    class Endless(Tiny):
        def step(self, action: object) -> tuple[object, float, bool, bool, dict[str, object]]:
            obs, _, terminated, _, info = super().step(action)
            return obs, 0.5, terminated, False, info

    left, right = (evaluate(always(action), Endless(), 4, seed=0, max_episode_steps=7) for action in (0, 1))
    assert left == ([3.5] * 4, 4, 4 * 7, {})
    assert str(left) == "return 3.5 ± 0.0 over 4 episodes, 4 of them cut (ε = 0)"
    assert right is not None
    assert right.cut == 0


def test_an_episode_that_ends_at_the_limit_is_whole() -> None:
    whole = evaluate(always(0), Tiny(), 3, seed=0, max_episode_steps=10)
    assert whole == ([0.0] * 3, 0, 3 * 10, {})


class Stuck(Tiny):
    """Nothing moves, until it is over after some steps."""

    length = 0

    def step(self, action: object) -> tuple[object, float, bool, bool, dict[str, object]]:
        self.steps += 1
        return self._obs(), 0.0, self.steps >= self.length, False, {}


def test_a_picture_that_stands_still_is_told() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Stuck.length = 999
        assert evaluate(always(0), Stuck(), 2, seed=0)
    Stuck.length = 1_000
    with pytest.warns(UserWarning, match=r"^Stuck: got 1,000 equal observations in a row in an evaluation, "):
        assert evaluate(always(0), Stuck(), 1, seed=0)


def test_it_tells_how_many_episodes_are_over() -> None:
    told: list[int] = []
    evaluate(always(1), Tiny(), 3, seed=0, on_episode=told.append)
    assert told == [0, 1, 2, 3]
