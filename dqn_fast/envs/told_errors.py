"""Errors of environments in other processes, told in infos.

Gymnasium prints the traceback of an error that leaves an environment of an AsyncVectorEnv. One that a person
can mend is a line, and takes this way.
"""

from __future__ import annotations

from typing import Any

import gymnasium as gym

from dqn_fast.errors import UsageError

_KEY = "dqn_fast's error"


class ToldErrors(gym.Wrapper[Any, Any, Any, Any]):
    """Tells a UsageError of `reset` and `step` in the infos, with an observation that means nothing."""

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Reset the environment; see `gymnasium.Env.reset`."""
        try:
            return self.env.reset(seed=seed, options=options)
        except UsageError as error:
            return self.observation_space.sample(), {_KEY: str(error)}

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Act; see `gymnasium.Env.step`."""
        try:
            return self.env.step(action)
        except UsageError as error:
            return self.observation_space.sample(), 0.0, False, False, {_KEY: str(error)}


def raise_told(infos: dict[str, Any]) -> None:
    """Raise the first error that the infos of a vector environment tell of; most often none.

    Raises:
        UsageError: with the message that it had in its process.
    """
    if _KEY in infos:
        raise UsageError(next(error for error in infos[_KEY] if error is not None))
