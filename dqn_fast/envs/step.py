"""The interface of environments, whether one or many, in this process or in others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from gymnasium import spaces

Array = np.ndarray[Any, np.dtype[Any]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]


class Step(NamedTuple):
    """The result of one step of N environments.

    Observations are an array (N, *shape) of the space's dtype, or a dict of them for a Dict space. The arrays
    belong to the caller: no later step changes them. `obs` and `next_obs` may be the same object.

    Attributes:
        obs: to act on next; where an episode ended, the first observation of the new one.
        reward: (N,) float.
        next_obs: after each action; where an episode ended, its true last observation.
        terminated: (N,) bool.
        truncated: (N,) bool.
        ended: rows whose episode ended, terminated or truncated, in order; usually none.
        mask: (N,) bool, which rows are transitions; None means all. A row is not, if its environment spent
            the step on its reset and ignored the action (Gymnasium's autoreset mode "next step").
    """

    obs: Any
    reward: Array
    next_obs: Any
    terminated: Flags
    truncated: Flags
    ended: Sequence[int]
    mask: Flags | None


class Environments(Protocol):
    """N environments with the same spaces, which step together and start new episodes by themselves.

    Attributes:
        num_envs: N.
        observation_space: of one environment.
        action_space: of one environment; its actions start at 0.
    """

    num_envs: int
    observation_space: spaces.Space[Any]
    action_space: spaces.Discrete

    def reset(self) -> Any:
        """Start a new episode in every environment; return the first observations, (N, ...)."""

    def step(self, action: Array) -> Step:
        """Step every environment.

        Args:
            action: (N,) int64, from 0.
        """

    def state(self) -> Any:
        """Return a picklable state for `restore`; None if these environments cannot be restored."""

    def restore(self, state: Any) -> Any | None:
        """Restore the environments from `state`, which may come from another process.

        From then on, every step is the same, byte for byte, as it was after the state was taken.

        Returns:
            The observations to act on; None if `state` is None, which changes nothing.

        Raises:
            RestoreError: if they cannot be restored. They must be `reset` then; no episode from before the
                state is played again.
        """

    def close(self) -> None:
        """Close the environments."""
