"""Environments that break their spaces or Gymnasium's API, each by a mistake that people make."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces


class Odd(gym.Env[Any, Any]):
    """Ends after five steps; at `FROM` steps of an episode, 0 being its reset, it begins to be odd."""

    observation_space: spaces.Space[Any] = spaces.Box(-1, 1, (3,), np.float32)
    action_space = spaces.Discrete(2)
    FROM = 3
    GOOD: Any = np.zeros(3, np.float32)
    BAD: Any = None

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.now = 0
        return self._obs(), {}

    def step(self, action: Any) -> Any:
        self.now += 1
        return self._obs(), 1.0, self.now == 5, False, {}

    def _obs(self) -> Any:
        return self.BAD if self.now >= self.FROM else self.GOOD


def kind(name: str, base: type[Odd] = Odd, **members: Any) -> type[Odd]:
    """Return a class of another name, with other members."""
    return type(name, (base,), members)


class Ranged(Odd):
    observation_space = spaces.Discrete(4)
    GOOD = 0


class Pixels(Odd):
    observation_space = spaces.Box(0, 255, (3,), np.uint8)
    GOOD = np.zeros(3, np.uint8)


class Pair(Odd):
    observation_space = spaces.Dict({"a": spaces.Discrete(3), "b": spaces.Box(-1, 1, (2,), np.float32)})
    GOOD = {"a": 0, "b": np.zeros(2, np.float32)}  # noqa: RUF012


class Rewarded(Odd):
    """Its reward is odd."""

    def step(self, action: Any) -> Any:
        self.now += 1
        return self.GOOD, self.BAD if self.now == self.FROM else 1.0, self.now == 5, False, {}

    def _obs(self) -> Any:
        return self.GOOD


class Ended(Rewarded):
    """Its flag is odd."""

    def step(self, action: Any) -> Any:
        self.now += 1
        return self.GOOD, 1.0, self.BAD if self.now == self.FROM else self.now == 5, False, {}


class Masked(Odd):
    """Its mask is odd."""

    GOOD_MASK: Any = np.array([1, 0], np.int8)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        return self.observation_space.sample(), self._info()

    def step(self, action: Any) -> Any:
        self.now += 1
        return np.zeros(3, np.float32), 1.0, self.now == 5, False, self._info()

    def _info(self) -> Any:
        return {"action_mask": self.BAD if self.now == self.FROM else self.GOOD_MASK}

    def _obs(self) -> Any:
        return np.zeros(3, np.float32)


class FourValues(Odd):
    """As before Gymnasium 0.26."""

    BAD = Odd.GOOD

    def step(self, action: Any) -> Any:
        obs, reward, terminated, _, info = super().step(action)
        return obs, reward, terminated, info


class NoInfo(Odd):
    """Likewise: its reset gives an observation, of two numbers, which could be taken for two values."""

    observation_space = spaces.Box(-1, 1, (2,), np.float32)
    GOOD = BAD = np.zeros(2, np.float32)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        return super().reset(seed=seed)[0]


class NoSeed(Odd):
    """Likewise: its reset takes nothing."""

    BAD = Odd.GOOD

    def reset(self) -> Any:  # type: ignore[override]
        return super().reset()


class NoOptions(Odd):
    """Likewise: its reset takes a seed alone, as between the two."""

    BAD = Odd.GOOD

    def reset(self, *, seed: int | None = None) -> Any:  # type: ignore[override]
        return super().reset(seed=seed)


class OwnWrapper(gym.Wrapper[Any, Any, Any, Any]):
    """A person's own, around an environment of that API."""

    inner: Any = FourValues

    def __init__(self) -> None:
        super().__init__(self.inner())

    def reset(self, **options: Any) -> Any:
        return self.env.reset(**options)

    def step(self, action: Any) -> Any:
        obs, reward, terminated, truncated, info = self.env.step(action)
        return obs, reward, terminated, truncated, info


class OwnOldWrapper(OwnWrapper):
    """Of that API itself, around a good one."""

    inner = kind("Fine", BAD=Odd.GOOD)

    def reset(self, **options: Any) -> Any:
        return self.old_reset()

    def old_reset(self) -> Any:
        return self.env.reset()[0]


class Three(FourValues):
    """Of no API at all."""

    def step(self, action: Any) -> Any:
        return super().step(action)[:3]


class NoSpaces(gym.Env[Any, Any]):
    action_space = spaces.Discrete(2)


class Mission(Odd):
    """As in Minigrid."""

    observation_space = spaces.Dict(
        {
            "direction": spaces.Discrete(4),
            "image": spaces.Box(0, 255, (3,), np.uint8),
            "mission": spaces.Text(9),
        }
    )


class Tuples(Odd):
    """As Blackjack, and nested."""

    observation_space = spaces.Tuple(
        (
            spaces.Discrete(3),
            spaces.Dict({"in": spaces.Tuple((spaces.Box(-1, 1, (2,), np.float32),))}),
        )
    )
    GOOD = (2, {"in": (np.full(2, 0.5, np.float32),)})
    BAD = GOOD
