"""Environments of all kinds, and tools to compare what two of them do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from dqn_fast.envs import Environments, Step

# Its version changed with Gymnasium 1.4, and the old one warns.
TAXI = "Taxi-v4" if "Taxi-v4" in gym.registry else "Taxi-v3"

# Of every kind that is supported: classic control, Box2D, toy text, MinAtar, Atari.
REAL = (
    "CartPole-v1",
    "Acrobot-v1",
    "MountainCar-v0",
    "LunarLander-v3",
    TAXI,
    "FrozenLake-v1",
    "MinAtar/Asterix-v0",
    "MinAtar/Breakout-v0",
    "MinAtar/Freeway-v1",
    "MinAtar/Seaquest-v0",
    "MinAtar/SpaceInvaders-v0",
    "ALE/Pong-v5",
)


@contextmanager
def registered(*kinds: type[gym.Env[Any, Any]]) -> Iterator[None]:
    """Let Gymnasium know them by the names of their classes, meanwhile."""
    for kind in kinds:
        gym.register(f"{kind.__name__}-v0", kind)
    try:
        yield
    finally:
        for kind in kinds:
            del gym.registry[f"{kind.__name__}-v0"]


class Countdown(gym.Env[Any, Any]):
    """Observes (episode's random id, step); ends after a random number of steps, in either way.

    Every observation tells where it is from, so that a wrong one cannot look like a right one.
    """

    observation_space = spaces.Box(0, 2**31, (2,), np.float64)
    action_space = spaces.Discrete(3)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.id = int(self.np_random.integers(1, 2**31))
        self.length, self.now = int(self.np_random.integers(1, 6)), 0
        return self._obs(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        assert self.now < self.length, "stepped on after its end"
        self.now += 1
        ended, terminal = self.now == self.length, self.id % 2 == 0
        return self._obs(), self.now + float(action) / 10, ended and terminal, ended and not terminal, {}

    def _obs(self) -> Any:
        return np.array([self.id, self.now], np.float64)


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


class DictCountdown(Countdown):
    """The same, as a dict with a mask of legal actions."""

    observation_space = spaces.Dict(  # type: ignore[assignment]
        {
            "place": Countdown.observation_space,
            "deep": spaces.Dict({"now": spaces.Discrete(6)}),
            "action_mask": spaces.MultiBinary(3),
        }
    )

    def _obs(self) -> Any:
        return {
            "place": super()._obs(),
            "deep": {"now": self.now},
            "action_mask": np.array([1, self.id % 2, 1], np.int8),
        }


class Unrepeatable(Countdown):
    """Something random in it does not depend on the seed."""

    def _obs(self) -> Any:
        return super()._obs() + np.random.default_rng().random()


class Drawer:
    """Draws actions for environments: the same for the same seed."""

    def __init__(self, environments: Environments, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._shape = environments.num_envs, int(environments.action_space.n)

    def __call__(self) -> Any:
        return self._rng.integers(self._shape[1], size=self._shape[0])


def play(environments: Environments, draw: Drawer, steps: int) -> list[Step]:
    return [environments.step(draw()) for _ in range(steps)]


def image(value: Any) -> Any:
    """What two values that are equal to the last byte have in common."""
    if isinstance(value, dict):
        return {key: image(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return [image(part) for part in value]
    if value is None or isinstance(value, int):
        return value
    return value.dtype.str, value.shape, value.tobytes()
