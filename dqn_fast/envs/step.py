"""What the training loop sees of environments, whether one or many, in this process or in others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from gymnasium import spaces

Array = np.ndarray[Any, np.dtype[Any]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]


class Step(NamedTuple):
    """What one step of N environments gave.

    An observation below is an array (N, *shape), or a dict of them for a Dict space, as the space's dtype
    says. The arrays belong to the caller: no later step changes them. `obs` and `next_obs` may be one object.

    Attributes:
        obs: to act on next: where an episode ended, the first of the new one.
        reward: (N,) float.
        next_obs: the observation that each action led to: where an episode ended, its true last one.
        terminated: (N,) bool.
        truncated: (N,) bool.
        ended: the rows whose episode ended, terminated or truncated, in order; most often none.
        mask: (N,) bool, which rows are transitions; None: all. A row is none if its environment spent the
            step on its reset and ignored the action (Gymnasium's autoreset mode "next step").
    """

    obs: Any
    reward: Array
    next_obs: Any
    terminated: Flags
    truncated: Flags
    ended: Sequence[int]
    mask: Flags | None


class Environments(Protocol):
    """N environments with the same spaces that are stepped together and start new episodes by themselves.

    Attributes:
        num_envs: N.
        observation_space: of one environment.
        action_space: of one environment; its actions start at 0.
    """

    num_envs: int
    observation_space: spaces.Space[Any]
    action_space: spaces.Discrete

    def reset(self) -> Any:
        """Start a new episode in every environment and return the first observations, (N, ...)."""

    def step(self, action: Array) -> Step:
        """Act in every environment.

        Args:
            action: (N,) int64, from 0.
        """

    def state(self) -> Any:
        """Return what `restore` needs, picklable; None if these environments cannot be restored."""

    def restore(self, state: Any) -> Any | None:
        """Put the environments back to where they were when `state` was taken, in this or another process.

        All steps from here on are, byte for byte, what they would have been from there on.

        Returns:
            The observations to act on; None if `state` is None: nothing was done then.

        Raises:
            RestoreError: they could not be put back. They must be `reset`; episodes that had been played
                before the state was taken do not come again.
        """

    def close(self) -> None:
        """Free what the environments hold."""
