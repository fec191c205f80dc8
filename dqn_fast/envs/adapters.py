"""Wrappers that change the spaces of an environment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.wrappers import DtypeObservation, FilterObservation, RescaleObservation, TransformAction

from dqn_fast import trees
from dqn_fast.envs.arrays import one_line

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


def without_parts(env: gym.Env[Any, Any], keys: Sequence[str]) -> gym.Env[Any, Any]:
    """Return an environment without some parts of its observations.

    Args:
        env: its observations are dicts, or tuples, whose parts are named "0", "1" and so on.
        keys: of the parts, at least one.

    Raises:
        TypeError: if its observations have no such part, or no other one.
    """
    space = env.observation_space
    parts = trees.children(space) if isinstance(space, spaces.Dict) else None
    if isinstance(space, spaces.Tuple):
        parts = {str(index): part for index, part in enumerate(space.spaces)}
    if parts is None or not set(keys) <= parts.keys() or len(parts) == len(set(keys)):
        found = f"those with the parts {sorted(parts)}" if parts else f"{one_line(space)}"
        raise TypeError(
            f"ignore_observation: got {', '.join(keys)}, expected some parts of the observations, not all of"
            f" them; the environment has {found}"
        )
    kept = [key for key in parts if key not in keys]
    return FilterObservation(env, [int(key) for key in kept] if isinstance(space, spaces.Tuple) else kept)


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
