"""An environment for processes of their own: seed 1 is killed, 2 raises, 3 sees NaN, and others live."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

RUN = next((name[5:] for name in map(os.path.basename, sys.argv) if name.startswith("seed-")), "")


class Deadly(gym.Env[Any, Any]):
    observation_space = spaces.Box(0, 5, (1,), np.float32)
    action_space = spaces.Discrete(2)
    steps = 0

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        return self._obs(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.steps += 1
        if self.steps == 250 and RUN == "1":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.steps == 250 and RUN == "2":
            raise RuntimeError("boom at step 250")
        return self._obs(), float(action), self.steps % 10 == 0, False, {}

    def _obs(self) -> Any:
        return np.array([np.nan if self.steps >= 250 and RUN == "3" else self.steps % 5], np.float32)


gym.register("Deadly-v0", Deadly)
