"""The one check of everything that an environment gives, in training, evaluation and videos."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from dqn_fast.envs.arrays import brief
from dqn_fast.envs.errors import MisfitError
from dqn_fast.envs.observations import observation_check, without_tuples
from dqn_fast.envs.old_api import explain_step, reset_parts
from dqn_fast.errors import UsageError


class CheckedEnv(gym.Wrapper[Any, Any, Any, Any]):
    """Returns values as the spaces describe them, or raises one line that names environment, step and value.

    Observations are converted by `observation_check`, which turns tuples into dicts. Rewards are floats,
    `terminated` and `truncated` are bools, and infos are mappings.

    Args:
        env: to wrap.

    Raises:
        TypeError: if it has no observation space, or a part of it has neither arrays nor numbers.

    `reset` and `step` raise a UsageError for anything else, or for the API before Gymnasium 0.26.
    """

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        space = getattr(env, "observation_space", None)
        if not isinstance(space, spaces.Space):
            raise TypeError(f"observation_space: got {brief(space)}, expected a space of Gymnasium")
        self._check = observation_check(space)
        self.observation_space = without_tuples(space)
        self._name = env_name(env)
        self._step = 0  # of the episode

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Reset the environment; see `gymnasium.Env.reset`."""
        self._step = 0
        try:
            obs, info = reset_parts(self.env, seed, options)
            return self._check(obs), _info(info)
        except MisfitError as error:
            raise UsageError(f"{self._name}, at its reset: {error}") from error

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Make a step; see `gymnasium.Env.step`."""
        self._step += 1
        try:
            try:
                obs, reward, terminated, truncated, info = self.env.step(action)
            except (TypeError, ValueError) as error:
                explain_step(error)
                raise
            if not isinstance(reward, float):
                reward = _number(reward)
            if type(terminated) is not bool:
                terminated = _flag("terminated", terminated)
            if type(truncated) is not bool:
                truncated = _flag("truncated", truncated)
            if type(info) is not dict:
                info = _info(info)
            return self._check(obs), reward, terminated, truncated, info
        except MisfitError as error:
            raise UsageError(f"{self._name}, step {self._step} of an episode: {error}") from error


def checked(env: gym.Env[Any, Any]) -> gym.Env[Any, Any]:
    """Return the environment in a `CheckedEnv`, unless it is one.

    Raises:
        TypeError: if `CheckedEnv` raises it.
    """
    return env if isinstance(env, CheckedEnv) else CheckedEnv(env)


def env_name(env: Any) -> str:
    """Return the id of an environment or vector environment; without an id, the name of its class."""
    env = env.unwrapped
    return env.spec.id if env.spec is not None else type(env).__name__


def _number(value: Any) -> float:
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "biuf":
        raise MisfitError(f"reward: got {brief(value)}, expected a number")
    return float(array.item())


def _flag(name: str, value: Any) -> bool:
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "biuf" or array.item() not in (0, 1):
        raise MisfitError(f"{name}: got {brief(value)}, expected a bool")
    return bool(array.item())


def _info(value: Any) -> Any:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise MisfitError(f"info: got {brief(value)}, expected a dict")
    return value
