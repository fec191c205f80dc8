"""Action masks that an environment gives beside its observations."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from dqn_fast.errors import UsageError
from dqn_fast.observation_keys import ACTION_MASK


class ActionMaskObservation(gym.Wrapper[Any, Any, Any, Any]):
    """Makes `info["action_mask"]` a part of the observation, so that it is stored and learned with.

    The observation becomes `{"obs": ..., "action_mask": ...}`: the mask is int8 (A,), 1 for legal actions.

    Args:
        env: gives a mask at every reset and step, such as Taxi.

    Raises:
        TypeError: the actions are not Discrete.
        UsageError: on a reset or a step without a mask.
    """

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        if not isinstance(env.action_space, spaces.Discrete):
            raise TypeError(f"env.action_space: got {env.action_space}, expected Discrete")
        self.observation_space = spaces.Dict(
            {"obs": env.observation_space, ACTION_MASK: spaces.MultiBinary(int(env.action_space.n))}
        )

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Reset the environment; see `gymnasium.Env.reset`."""
        obs, info = self.env.reset(seed=seed, options=options)
        return self._with_mask(obs, info), info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Act; see `gymnasium.Env.step`."""
        obs, reward, terminated, truncated, info = self.env.step(action)
        return self._with_mask(obs, info), reward, terminated, truncated, info

    def _with_mask(self, obs: Any, info: dict[str, Any]) -> dict[str, Any]:
        if ACTION_MASK not in info:
            raise UsageError(
                f"{self.env} gives no action mask: its infos have {sorted(info)}, expected {ACTION_MASK!r}"
            )
        return {"obs": obs, ACTION_MASK: np.asarray(info[ACTION_MASK], np.int8)}
