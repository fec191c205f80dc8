"""Random steps, for any space, of environments that reset themselves as SB3's do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from gymnasium import spaces

OBSERVATIONS = {
    "vector": spaces.Box(-1, 1, (3,)),
    "discrete": spaces.Discrete(1_000_000),
    "multi_discrete": spaces.MultiDiscrete([1000, 1000]),
    "multi_binary": spaces.MultiBinary(12),
    "float64": spaces.Box(-1, 1, (2, 2), np.float64),
    "image": spaces.Box(0, 255, (4, 5, 5), np.uint8),
    "dict": spaces.Dict({"image": spaces.Box(0, 255, (4, 5, 5), np.uint8), "number": spaces.Discrete(9)}),
}
ACTIONS = {
    "discrete": spaces.Discrete(4),
    "box": spaces.Box(-1, 1, (2,), np.float64),
    "multi_discrete": spaces.MultiDiscrete([3, 4]),
    "multi_binary": spaces.MultiBinary(3),
}


@dataclass
class Streams:
    """What `n_envs` environments give: images are stacks of 4 frames, zeros before an episode's first.

    Rewards are multiples of 1/8: with a gamma of 0.5, sums are exact in any order.
    """

    space: spaces.Space[Any]
    actions: spaces.Space[Any]
    n_envs: int
    rng: np.random.Generator
    obs: list[Any] = field(init=False)

    def __post_init__(self) -> None:
        for space in (self.space, self.actions):
            space.seed(int(self.rng.integers(2**31)))
        self.reset()

    def reset(self) -> None:
        """Begin every environment anew, wherever it was."""
        self.obs = [self._after(self.space, None) for _ in range(self.n_envs)]

    def steps(self, count: int) -> Iterator[tuple[Any, ...]]:
        """Return the arguments of `add`."""
        for _ in range(count):
            done = self.rng.random(self.n_envs) < 0.15
            cut = self.rng.random(self.n_envs) < np.where(done, 0.5, 0.03)
            last = [self._after(self.space, obs) for obs in self.obs]
            reward = (self.rng.integers(-8, 9, self.n_envs) / 8).astype(np.float32)
            action = np.stack([self.actions.sample() for _ in range(self.n_envs)])
            infos = [{"TimeLimit.truncated": bool(flag)} for flag in cut]
            yield self._batch(self.obs), self._batch(last), action, reward, done, infos
            self.obs = [
                self._after(self.space, None) if ended else obs for obs, ended in zip(last, done, strict=True)
            ]

    def _after(self, space: Any, obs: Any) -> Any:
        if isinstance(space, spaces.Dict):
            return {key: self._after(inner, obs and obs[key]) for key, inner in space.items()}
        if space.dtype != np.uint8:
            return space.sample()
        stack = np.zeros(space.shape, np.uint8) if obs is None else obs
        return np.concatenate([stack[1:], space.sample()[:1]])

    def _batch(self, obs: list[Any]) -> Any:
        if isinstance(obs[0], dict):
            return {key: np.stack([each[key] for each in obs]) for key in obs[0]}
        return np.stack(obs)
