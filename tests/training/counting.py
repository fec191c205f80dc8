"""A policy with memory: it counts the steps of each row's episode, which decide its action and are stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt


def action_at(count: Any) -> npt.NDArray[np.int64]:
    return (np.asarray(count) % 12 < 6).astype(np.int64)


class Counting:
    """Acts 1 in the first six steps of an episode, 0 in the next six, and so on.

    So it walks to the end of `Tiny`, unless it takes an episode for the rest of another one.

    Args:
        num_envs: rows.

    Attributes:
        counts: steps of each row's episode so far.
    """

    def __init__(self, num_envs: int) -> None:
        self.counts = np.zeros(num_envs, np.int64)
        self._before = self.counts.copy()

    def act(self, obs: Any, step: int) -> npt.NDArray[np.int64]:
        self._before[:] = self.counts
        self.counts += 1
        return action_at(self._before)

    def observe(self, reward: npt.NDArray[Any]) -> None:
        pass

    def reset(self, rows: Sequence[int]) -> None:
        self.counts[list(rows)] = 0

    def extras(self) -> Mapping[str, npt.NDArray[Any]]:
        return {"count": self._before}

    def figures(self, step: int) -> dict[str, float]:
        return {"epsilon": 0.25}

    def state_dict(self) -> dict[str, Any]:
        return {"counts": self.counts.tolist()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.counts[:] = state["counts"]
