"""Exploration: how the agent leaves its greedy action."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Actions = npt.NDArray[np.int64]

#: Gives which actions may be taken, `(N, A)`; None allows all.
Legal = Callable[[], npt.NDArray[np.bool_] | None]


class Exploration(Protocol):
    """A rule by which actions leave the greedy ones."""

    def choose(self, greedy: Callable[[], Actions], step: int, legal: Legal) -> Actions:
        """Return an action for each environment, `(N,)` int64.

        Args:
            greedy: gives the greedy actions, `(N,)`, which are legal, in an array that nobody else keeps;
                called only if somebody needs one, because it costs a pass through the network.
            step: environment step that the actions are for.
            legal: gives which actions may be taken; called only if somebody explores.
        """
        ...

    def figures(self, step: int) -> dict[str, float]:
        """Return numbers for reports as of environment step `step`."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return all that changes from call to call, to be saved."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where the exploration was that `state` was taken from."""
        ...


class NoExploration:
    """The greedy action, always: for evaluation."""

    def choose(self, greedy: Callable[[], Actions], step: int, legal: Legal) -> Actions:
        """Return the greedy actions, `(N,)` int64."""
        return greedy()

    def figures(self, step: int) -> dict[str, float]:
        """Return an epsilon of 0."""
        return {"epsilon": 0.0}

    def state_dict(self) -> dict[str, Any]:
        """Return nothing: nothing changes."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Do nothing."""
