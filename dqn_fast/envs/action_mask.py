"""Action masks that an environment gives beside its observations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from dqn_fast.envs.checked import env_name
from dqn_fast.envs.errors import MisfitError
from dqn_fast.envs.observations import observation_check
from dqn_fast.errors import UsageError
from dqn_fast.observation_keys import ACTION_MASK


class ActionMaskObservation(gym.Wrapper[Any, Any, Any, Any]):
    """Puts `info["action_mask"]` into the observation, so that it is stored and learned with.

    The observation becomes `{"obs": ..., "action_mask": ...}`; the mask is int8 `(A,)`, 1 for legal actions.
    After an episode's end no action follows, so the mask may be missing there: all actions are then legal.

    Args:
        env: gives a mask at every reset and at every step but an episode's last, such as Taxi.

    Raises:
        TypeError: if the actions are not Discrete.

    `reset` and `step` raise a UsageError if the mask is missing, or does not hold one integer for each
    action.
    """

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        if not isinstance(env.action_space, spaces.Discrete):
            raise TypeError(f"env.action_space: got {env.action_space}, expected Discrete")
        masks = spaces.MultiBinary(int(env.action_space.n))
        self.observation_space = spaces.Dict({"obs": env.observation_space, ACTION_MASK: masks})
        self._check = observation_check(masks, name=f"info[{ACTION_MASK!r}]")
        self._all_legal = np.ones(masks.shape, masks.dtype)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Reset the environment; see `gymnasium.Env.reset`."""
        obs, info = self.env.reset(seed=seed, options=options)
        return self._with_mask(obs, info), info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Make a step; see `gymnasium.Env.step`."""
        obs, reward, terminated, truncated, info = self.env.step(action)
        ended = terminated or truncated
        return self._with_mask(obs, info, ended=ended), reward, terminated, truncated, info

    def _with_mask(self, obs: Any, info: Mapping[str, Any], *, ended: bool = False) -> dict[str, Any]:
        mask = info.get(ACTION_MASK)
        if mask is None and ended:
            return {"obs": obs, ACTION_MASK: self._all_legal}
        if mask is None:
            raise UsageError(
                f"{env_name(self)}: info[{ACTION_MASK!r}]: got none beside the keys {sorted(info)},"
                " expected a mask"
            )
        try:
            return {"obs": obs, ACTION_MASK: self._check(mask)}
        except MisfitError as error:
            raise UsageError(f"{env_name(self)}: {error}") from error
