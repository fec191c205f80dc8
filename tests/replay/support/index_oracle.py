"""A slow, obvious twin of `PriorityIndex`: a list of leaves, each with all the ids that it was ever given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from replay.support.oracles import PriorityTwin


class IndexTwin:
    """Ids by leaf; the masses are the twin's that `ReplayTwin` has, by id."""

    def __init__(self, capacity: int, alpha: float = 0.6, priority_eps: float = 1e-6) -> None:
        self.capacity = capacity
        self.given: list[list[int]] = [[] for _ in range(capacity)]  # by leaf, oldest first
        self.held: set[int] = set()
        self.cursor = 0
        self.priorities = PriorityTwin(alpha, priority_eps)

    def add(
        self, count: int, priorities: Sequence[Any] | None = None, at: Sequence[int] | None = None
    ) -> list[int]:
        """Give the next `count` leaves, or those `at`, an id each; priority None: the largest so far."""
        leaves = [(self.cursor + i) % self.capacity for i in range(count)] if at is None else list(at)
        assert len(set(leaves)) == len(leaves) == count
        for priority in priorities or []:
            self.priorities.check(float(priority))
        added = []
        for i, leaf in enumerate(leaves):
            if self.given[leaf]:
                self._let_go(self.given[leaf][-1])
            identity = len(self.given[leaf]) * self.capacity + leaf
            self.given[leaf].append(identity)
            self.held.add(identity)
            self.priorities.add(identity, None if priorities is None else float(priorities[i]))
            added.append(identity)
        if at is None:
            self.cursor = (self.cursor + count) % self.capacity
        return added

    def update(self, ids: Sequence[int], priorities: Sequence[Any]) -> int:
        """Give ids that are held their priorities, in order, and return how many were not held."""
        self._check(ids)
        for priority in priorities:
            self.priorities.check(float(priority))
        stale = 0
        for identity, priority in zip(ids, priorities, strict=True):
            if identity in self.held:
                self.priorities.update(identity, float(priority))
            else:
                stale += 1
        return stale

    def remove(self, ids: Sequence[int]) -> int:
        """Let ids go, one after another, and return how many were not held when their turn came."""
        self._check(ids)
        return sum(not self._let_go(identity) for identity in ids)

    def clear(self) -> None:
        self.held.clear()
        self.priorities.clear()

    def weights(self, ids: Any, beta: float, normalization: str) -> np.ndarray:
        """Importance weights, in logarithms, so that no share is too small for a number."""
        masses = np.log2([self.priorities.masses[int(identity)] for identity in ids])
        if normalization == "batch":
            reference = masses.min()
        elif normalization == "buffer":
            reference = np.log2(self.priorities.minima.smallest())
        else:
            reference = np.log2(self.priorities.sums.total()) - np.log2(len(self.held))
        with np.errstate(over="ignore"):
            return np.exp2(-beta * (masses - reference)).astype(np.float32)

    def all_given(self) -> list[int]:
        return [identity for leaf in self.given for identity in leaf]

    def has_mass(self) -> bool:
        return self.priorities.sums.total() > 0

    def _check(self, ids: Sequence[int]) -> None:
        for identity in ids:
            if identity < 0 or identity not in self.given[identity % self.capacity]:
                raise IndexError(f"id {identity}")

    def _let_go(self, identity: int) -> bool:
        if identity not in self.held:
            return False
        self.held.remove(identity)
        self.priorities.remove(identity)
        return True
