"""`PriorityIndex` beside columns in NumPy: our priorities, and a store of one's own."""

from __future__ import annotations

from typing import Any

import numpy as np
from rivals import ALPHA, BETA, EPS, SEED
from transitions import Array, Transitions
from workloads import Workload

from contenders.numpy_recipe import Uniform
from dqn_fast import PriorityIndex


class Prioritized(Uniform):
    """The NumPy recipe's columns, with our index where it has its tree."""

    def __init__(self, workload: Workload) -> None:
        super().__init__(workload)
        self.index = PriorityIndex(workload.size, alpha=ALPHA, beta=BETA, priority_eps=EPS, seed=SEED)

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """All rows, then all ids."""
        super().fill(transitions, priorities)
        self.index.add(self.size, priority=priorities)

    def add(self, *row: Any) -> Any:
        """Write one row where the new id lies."""
        self.index.add()
        super().add(*row)

    def extend(self, *arrays: Array) -> Any:
        """Write many rows where the new ids lie."""
        self.index.add(len(arrays[0]))
        return super().extend(*arrays)

    def sample(self, batch_size: int) -> dict[str, Array]:
        """Return the rows of the ids that were drawn."""
        ids, weights = self.index.sample(batch_size)
        batch = self.transitions(ids % self.size)
        batch["weights"], batch["slots"] = weights, ids
        return batch

    def update(self, batch: Any, priorities: Any) -> None:
        """By the ids of the batch."""
        self.index.update(batch["slots"], np.asarray(priorities))
