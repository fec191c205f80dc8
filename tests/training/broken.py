"""An environment whose rewards or observations are not finite from some step on; its id says which.

Broken-obs-v0, Broken-reward-v0 and Broken-end-v0 (only what a terminated step leads to) break after 300
steps of a process.
"""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from training.tiny import Tiny


class Broken(Tiny):
    steps_made = 0  # of all such environments in this process

    def __init__(self, what: str) -> None:
        self.what = what

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        Broken.steps_made += 1
        obs, reward, terminated, truncated, info = super().step(action)
        if Broken.steps_made >= 300:
            if self.what == "obs" or (self.what == "end" and terminated):
                obs = np.full_like(obs, np.nan)
            if self.what == "reward":
                reward = np.inf
        return obs, reward, terminated, truncated, info


for name in ("obs", "reward", "end"):
    gym.register(f"Broken-{name}-v0", Broken, kwargs={"what": name})
