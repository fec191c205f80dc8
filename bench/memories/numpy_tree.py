"""A sum tree in NumPy, vectorised over a batch: the best that can be had without compiling anything."""

from __future__ import annotations

import numpy as np
from transitions import Array

WIDTH = 16  # children of a node: fewer levels than a binary tree has, each of them a few calls
SUMS_BEFORE = np.triu(np.ones((WIDTH, WIDTH)), 1)  # a product with it is faster than `cumsum` of short rows


class SumTree:
    """Masses, and their sums level by level, each node with the running sums of its children.

    A descent takes all targets one level down at once: the last child whose running sum, itself excluded,
    is at most the target. An update sums each touched node again, or a whole level where that is less.
    """

    def __init__(self, capacity: int) -> None:
        sizes = [-(-capacity // WIDTH)]
        while sizes[-1] > 1:
            sizes.append(-(-sizes[-1] // WIDTH))
        # From the leaves up: the masses of each node's children, and the sums of those before each.
        self.masses = [np.zeros((size, WIDTH)) for size in sizes]
        self.before = [np.zeros((size, WIDTH)) for size in sizes]
        self.flat = [level.reshape(-1) for level in self.masses]
        self.leaves = self.flat[0]

    def total(self) -> float:
        """The sum of all masses."""
        return float(self.before[-1][0, -1] + self.masses[-1][0, -1])

    def set(self, slots: Array, masses: Array) -> None:
        """Writes masses; the last of repeated slots wins."""
        self.leaves[slots] = masses
        nodes = slots
        for height, level in enumerate(self.masses):
            nodes = nodes // WIDTH
            everything = len(level) <= len(nodes)
            touched = slice(0, len(level)) if everything else nodes
            children = level if everything else level.take(nodes, axis=0)
            sums = children @ SUMS_BEFORE
            self.before[height][touched] = sums
            if height + 1 < len(self.masses):
                self.flat[height + 1][touched] = sums[:, -1] + children[:, -1]

    def set_one(self, slot: int, mass: float) -> None:
        """The same for one slot, in scalars."""
        self.leaves[slot] = mass
        for height, level in enumerate(self.masses):
            slot //= WIDTH
            children = level[slot]
            self.before[height][slot] = sums = children @ SUMS_BEFORE
            if height + 1 < len(self.masses):
                self.flat[height + 1][slot] = sums[-1] + children[-1]

    def find(self, targets: Array) -> Array:
        """The slots in whose share of the total the targets lie, in [0, total)."""
        nodes = np.zeros(len(targets), np.int64)
        for before in reversed(self.before):
            sums = before.take(nodes, axis=0)
            # The first sum is 0, so the first that is not reached has one before it; none is the last's.
            children = ((sums <= targets[:, None]).argmin(axis=1) - 1) % WIDTH
            nodes = nodes * WIDTH + children
            targets = targets - before.reshape(-1).take(nodes)
        return nodes
