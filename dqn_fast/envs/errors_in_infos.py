"""Errors of environments in other processes, passed on in infos.

Gymnasium prints the traceback of any error in an AsyncVectorEnv. A UsageError should be one line, so it is
passed on in the infos instead.
"""

from __future__ import annotations

from typing import Any

import gymnasium as gym

from dqn_fast.errors import UsageError

_KEY = "dqn_fast's error"


class ErrorsInInfos(gym.Wrapper[Any, Any, Any, Any]):
    """Passes a UsageError of `reset` and `step` on in the infos, beside a meaningless observation."""

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Reset the environment; see `gymnasium.Env.reset`."""
        try:
            return self.env.reset(seed=seed, options=options)
        except UsageError as error:
            return self.observation_space.sample(), {_KEY: str(error)}

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Make a step; see `gymnasium.Env.step`."""
        try:
            return self.env.step(action)
        except UsageError as error:
            return self.observation_space.sample(), 0.0, False, False, {_KEY: str(error)}


def raise_from_infos(infos: dict[str, Any]) -> None:
    """Raise the first error in the infos of a vector environment, if there is one.

    Raises:
        UsageError: if there is one; with its own message.
    """
    if _KEY in infos:
        raise UsageError(next(error for error in infos[_KEY] if error is not None))
