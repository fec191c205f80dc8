"""An environment that is quick and whose best return is known: walk right five times within ten steps."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces


class Tiny(gym.Env[Any, Any]):
    observation_space = spaces.Box(0, 5, (1,), np.float32)
    action_space = spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.place, self.steps = int(self.np_random.integers(2)), 0
        return self._obs(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.place = max(self.place + (1 if action else -1), 0)
        self.steps += 1
        terminated = self.place >= 5
        return self._obs(), float(terminated), terminated, self.steps >= 10 and not terminated, {}

    def _obs(self) -> Any:
        return np.array([self.place], np.float32)
