"""A sum tree in NumPy, vectorised over a batch: the best that can be had without compiling anything."""

from __future__ import annotations

import numpy as np
from transitions import Array

WIDTH = 16  # children of a node: fewer levels, each of them a few calls


class SumTree:
    """Sums of masses, level by level; each level is an array, the last one has the root's children.

    A descent takes all targets one level down at once: the running sums of `WIDTH` siblings say in which
    child a target lies. An update writes the leaves and sums each touched family once.
    """

    def __init__(self, capacity: int) -> None:
        sizes = [-(-capacity // WIDTH)]
        while sizes[-1] > 1:
            sizes.append(-(-sizes[-1] // WIDTH))
        self.levels = [np.zeros((size, WIDTH)) for size in sizes]  # families, from the leaves up
        self.leaves = self.levels[0].reshape(-1)
        self.parents = [level.reshape(-1) for level in self.levels[1:]]

    def total(self) -> float:
        """The sum of all masses."""
        return float(self.levels[-1].sum())

    def set(self, slots: Array, masses: Array) -> None:
        """Writes masses; the last of repeated slots wins."""
        self.leaves[slots] = masses
        families = slots
        for level, parents in zip(self.levels, self.parents, strict=False):
            families = families // WIDTH
            if len(families) > 8:
                families = np.unique(families)
            parents[families] = level[families].sum(axis=1)

    def set_one(self, slot: int, mass: float) -> None:
        """The same for one slot, in scalars."""
        self.leaves[slot] = mass
        for level, parents in zip(self.levels, self.parents, strict=False):
            slot //= WIDTH
            parents[slot] = level[slot].sum()

    def find(self, targets: Array) -> Array:
        """The slots in whose share of the total the targets lie, in [0, total)."""
        families = np.zeros(len(targets), np.int64)
        rows = np.arange(len(targets))
        for level in reversed(self.levels):
            sums = level[families].cumsum(axis=1)
            # A child of mass zero is never entered: the first whose running sum exceeds the target.
            children = np.minimum((sums <= targets[:, None]).sum(axis=1), WIDTH - 1)
            targets = targets - np.where(children > 0, sums[rows, children - 1], 0)
            families = families * WIDTH + children
        return families
