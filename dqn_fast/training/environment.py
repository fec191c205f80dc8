"""Environments, as Gymnasium makes them, with errors that a person can read."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import torch
from gymnasium import spaces
from gymnasium.wrappers import TransformAction

from dqn_fast.agent import make_q_net
from dqn_fast.training.errors import UsageError


def make_env(env_id: str, render_mode: str | None = None) -> gym.Env[Any, Any]:
    """Return a new environment with actions 0 ... n - 1.

    Args:
        env_id: Gymnasium's id, `module:id` to import a module first.
        render_mode: one of the environment's, or None to draw nothing.

    Raises:
        UsageError: there is no such environment, something that it needs isn't installed, or its spaces are
            not for DQN.
    """
    # Gymnasium passes a mode of None on, too, and not every environment takes one.
    arguments: dict[str, Any] = {} if render_mode is None else {"render_mode": render_mode}
    try:
        env: gym.Env[Any, Any] = gym.make(env_id, **arguments)
    except (gym.error.Error, ImportError) as error:
        reason = " ".join(str(error).split())
        raise UsageError(f"cannot make the environment {env_id!r}: {reason}") from error
    env = _from_zero(env, env_id)
    try:
        make_q_net(env.observation_space, env.action_space, (), torch.Generator())
    except TypeError as error:
        env.close()
        raise UsageError(f"{env_id} does not fit: {error}") from error
    return env


def _from_zero(env: gym.Env[Any, Any], env_id: str) -> gym.Env[Any, Any]:
    space = env.action_space
    if not isinstance(space, spaces.Discrete):
        env.close()
        raise UsageError(f"{env_id} does not fit: the action space is {space}, expected Discrete")
    if space.start == 0:
        return env
    start = space.start
    return TransformAction(env, lambda action: action + start, spaces.Discrete(space.n))
