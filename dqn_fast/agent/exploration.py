"""Exploration: which action the agent takes by the values of all, the best one or another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Actions = npt.NDArray[np.int64]

#: Returns which actions are legal, `(N, A)`; None means all of them.
Legal = Callable[[], npt.NDArray[np.bool_] | None]


class Exploration(Protocol):
    """Decides between the greedy action and another one."""

    def choose(self, values: Callable[[], npt.NDArray[Any]], step: int, legal: Legal) -> Actions:
        """Return an action for each environment, `(N,)` int64.

        Args:
            values: returns the values of all actions, `(N, A)`, the largest of which is legal; only read.
                Called only if they are needed, because they cost a pass through the network.
            step: environment step of these actions.
            legal: returns which actions are legal; called only if an environment explores.
        """
        ...

    def figures(self, step: int) -> dict[str, float]:
        """Return numbers for reports as of environment step `step`."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return everything that changes from call to call."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        ...


class NoExploration:
    """Always takes the greedy action: for evaluation."""

    def choose(self, values: Callable[[], npt.NDArray[Any]], step: int, legal: Legal) -> Actions:
        """Return the greedy actions, `(N,)` int64; the first of equally good ones."""
        best: Actions = values().argmax(1)
        return best

    def figures(self, step: int) -> dict[str, float]:
        """Return an epsilon of 0."""
        return {"epsilon": 0.0}

    def state_dict(self) -> dict[str, Any]:
        """Return an empty dict: nothing changes."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Do nothing."""
