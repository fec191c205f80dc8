"""Wrappers that change the spaces of an environment."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.wrappers import DtypeObservation, RescaleObservation, TransformAction

# Largest distance between the bounds of an observation to rescale.
_WIDEST = 1e6


def from_zero(env: gym.Env[Any, Any]) -> gym.Env[Any, Any]:
    """Return an environment whose actions are 0 ... n - 1, int64.

    Raises:
        TypeError: if its actions are not Discrete.
    """
    space = getattr(env, "action_space", None)
    if not isinstance(space, spaces.Discrete):
        raise TypeError(f"action_space: got {space}, expected Discrete")
    if space.start == 0 and space.dtype == np.int64:
        return env
    # Environments check the type of an action.
    start, kind = int(space.start), space.dtype.type
    return TransformAction(env, lambda action: kind(int(action) + start), spaces.Discrete(int(space.n)))


def rescaled(env: gym.Env[Any, Any]) -> gym.Env[Any, Any]:
    """Return an environment whose observations are float32 from -1 to 1.

    Raises:
        TypeError: if they are not a Box with bounds closer than 1e6, each lower one below the upper.
    """
    space = env.observation_space
    if not isinstance(space, spaces.Box) or not space.is_bounded():
        raise TypeError(f"observation_space: got {space}, expected a Box with finite bounds to rescale")
    if not (space.low < space.high).all():
        raise TypeError(f"observation_space: got {space}, expected low below high everywhere to rescale")
    # Some environments give the largest float for "no bound": every observation would become nearly 0.
    if not (space.high.astype(np.float64) - space.low < _WIDEST).all():
        raise TypeError(f"observation_space: got {space}, expected bounds closer than {_WIDEST:g} to rescale")
    return RescaleObservation(DtypeObservation(env, np.float32), np.float32(-1), np.float32(1))
