"""An environment whose observations are texts: say a word of two letters back, a letter at a time."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

LETTERS, LONGEST = 5, 4  # a word, and what was said so far


class Spelling(gym.Env[Any, Any]):
    """Observations are the word and the letters said; each right letter earns 1 / 2."""

    observation_space = spaces.Dict(
        {"tokens": spaces.Box(0, LETTERS, (LONGEST,), np.int64), "length": spaces.Discrete(LONGEST + 1)}
    )
    action_space = spaces.Discrete(LETTERS)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.text = [int(letter) + 1 for letter in self.np_random.integers(LETTERS, size=2)]
        return self._obs(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        is_right = self.text[len(self.text) - 2] == int(action) + 1
        self.text.append(int(action) + 1)
        return self._obs(), is_right / 2, len(self.text) == LONGEST, False, {}

    def _obs(self) -> dict[str, Any]:
        tokens = np.zeros(LONGEST, np.int64)
        tokens[: len(self.text)] = self.text
        return {"tokens": tokens, "length": len(self.text)}
