"""The data policy that an environment may have of its own: a rule, such as published logs were made by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

#: The method of an environment that has one. It takes a `numpy.random.Generator`, its only randomness, and
#: returns the action, an int, that the rule takes in the environment's present state.
METHOD = "scripted_action"


class ScriptedPolicy:
    """Acts in one environment by its own data policy, the method `scripted_action`.

    Args:
        env: to act in; it is asked for its action before every step.
        generator: the only source of randomness.

    Raises:
        TypeError: if it has no such method.
    """

    def __init__(self, env: gym.Env[Any, Any], generator: np.random.Generator) -> None:
        if not env.has_wrapper_attr(METHOD):
            raise TypeError(f"{METHOD}: got none, expected a method of {type(env.unwrapped).__name__}")
        self._action: Callable[[np.random.Generator], Any] = env.get_wrapper_attr(METHOD)
        self._generator = generator

    def act(self, obs: Any, step: int) -> npt.NDArray[np.int64]:
        """Return the rule's action, `(1,)` int64; it does not depend on `obs`."""
        return np.array([self._action(self._generator)], np.int64)

    def observe(self, reward: npt.NDArray[Any]) -> None:
        """Do nothing: the environment remembers what there is to remember."""

    def reset(self, rows: Sequence[int]) -> None:
        """Do nothing: the environment remembers what there is to remember."""

    def extras(self) -> Mapping[str, npt.NDArray[Any]]:
        """Return an empty dict."""
        return {}

    def figures(self, step: int) -> dict[str, float]:
        """Return an empty dict."""
        return {}

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the generator."""
        return {"generator": self._generator.bit_generator.state}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        self._generator.bit_generator.state = state["generator"]
