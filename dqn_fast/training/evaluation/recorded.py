"""Records the steps of an episode while it is played."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np

from dqn_fast import trees
from dqn_fast.training.run_folder.ratings import Text


class Recorded(gym.Wrapper[Any, Any, Any, Any]):
    """Keeps observations, actions and rewards of the latest episode.

    Args:
        env: to wrap, checked as in training.
    """

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        self._obs: list[Any] = []
        self._steps: list[tuple[int, float]] = []
        self._terminated = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Reset the environment, and forget the episode before; see `gymnasium.Env.reset`."""
        obs, info = self.env.reset(seed=seed, options=options)
        self._obs, self._steps, self._terminated = [trees.map(np.array, obs)], [], False
        return obs, info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Make a step; see `gymnasium.Env.step`."""
        obs, reward, terminated, truncated, info = self.env.step(action)
        self._obs.append(trees.map(np.array, obs))  # copies: environments may use their arrays again
        self._steps.append((int(action), float(reward)))
        self._terminated = terminated
        return obs, reward, terminated, truncated, info

    def text(self, words: str) -> Text:
        """Return the episode so far, at least one step, with what is said of it."""
        action, reward = zip(*self._steps, strict=True)
        return Text(
            words,
            trees.map(lambda *leaves: np.stack(leaves), *self._obs),
            np.array(action, np.int64),
            np.array(reward, np.float64),
            self._terminated,
        )
