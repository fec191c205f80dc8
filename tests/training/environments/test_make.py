"""Environments that are not there or do not fit get one clear line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from dqn_fast.training import UsageError
from dqn_fast.training.environments import make_env


class Shifted(gym.Env[Any, Any]):
    """Its actions are 5 and 6."""

    observation_space = spaces.Discrete(2)
    action_space = spaces.Discrete(2, start=5)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        return np.int64(0), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        assert action in (5, 6)
        return np.int64(0), float(action), False, False, {}


class WithText(Shifted):
    observation_space = spaces.Text(4)  # type: ignore[assignment]


class WithMask(Shifted):
    observation_space = spaces.Dict(  # type: ignore[assignment]
        {"a": spaces.Discrete(2), "action_mask": spaces.MultiBinary(3)}
    )


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    before = dict(gym.registry)
    gym.register("Shifted-v0", Shifted)
    gym.register("WithText-v0", WithText)
    gym.register("WithMask-v0", WithMask)
    yield
    gym.registry.clear()
    gym.registry.update(before)


@pytest.mark.parametrize(
    ("env_id", "message"),
    [
        ("CartPol-v1", "cannot make the environment 'CartPol-v1': Environment `CartPol` doesn't exist."),
        ("CartPole-v99", "cannot make the environment 'CartPole-v99': Environment version `v99` for"),
        ("no_such_module:X-v0", "cannot make the environment 'no_such_module:X-v0': No module named"),
        ("Pendulum-v1", "Pendulum-v1 does not fit: the action space is Box(-2.0, 2.0, (1,), float32), expec"),
        ("WithText-v0", "WithText-v0 does not fit: the observation space is Text(1, 4, charset="),
        (
            "WithMask-v0",
            "WithMask-v0 does not fit: the observation space's 'action_mask' is MultiBinary(3), ex",
        ),
    ],
)
def test_one_line(env_id: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        make_env(env_id)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_actions_are_counted_from_zero() -> None:
    env = make_env("Shifted-v0")
    assert env.action_space == spaces.Discrete(2)
    env.reset()
    assert [env.step(action)[1] for action in (0, 1)] == [5, 6]
