"""A sum tree in NumPy, vectorised over a batch: the best without compiling anything."""

from __future__ import annotations

import numpy as np
from transitions import Array

WIDTH = 16  # children of a node: each level costs a few calls, and there are fewer than in a binary tree
SUMS_BEFORE = np.triu(np.ones((WIDTH, WIDTH)), 1)  # multiply by it instead of `cumsum`, slow on short rows


class SumTree:
    """Masses and their sums, level by level; each node keeps the running sums of its children.

    A descent takes all targets down one level at a time, each to the last child whose running sum, without
    itself, is at most the target. An update sums touched nodes again, or a whole level where that is less.
    """

    def __init__(self, capacity: int) -> None:
        sizes = [-(-capacity // WIDTH)]
        while sizes[-1] > 1:
            sizes.append(-(-sizes[-1] // WIDTH))
        # From the leaves up: the masses of a node's children, and for each child the sum of those before it.
        self.masses = [np.zeros((size, WIDTH)) for size in sizes]
        self.before = [np.zeros((size, WIDTH)) for size in sizes]
        self.flat = [level.reshape(-1) for level in self.masses]
        self.leaves = self.flat[0]

    def total(self) -> float:
        """Return the sum of all masses."""
        return float(self.before[-1][0, -1] + self.masses[-1][0, -1])

    def set(self, slots: Array, masses: Array) -> None:
        """Set the masses of slots; the last of repeated slots wins."""
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
        """Set the mass of one slot, which is quicker in scalars."""
        self.leaves[slot] = mass
        for height, level in enumerate(self.masses):
            slot //= WIDTH
            children = level[slot]
            self.before[height][slot] = sums = children @ SUMS_BEFORE
            if height + 1 < len(self.masses):
                self.flat[height + 1][slot] = sums[-1] + children[-1]

    def find(self, targets: Array) -> Array:
        """Return the slots in whose share of the total the targets lie; targets are in [0, total)."""
        nodes = np.zeros(len(targets), np.int64)
        for before in reversed(self.before):
            sums = before.take(nodes, axis=0)
            # The first sum is 0, so the first sum above the target has one before it. If none is above,
            # argmin gives 0, and the last child is meant.
            children = ((sums <= targets[:, None]).argmin(axis=1) - 1) % WIDTH
            nodes = nodes * WIDTH + children
            targets = targets - before.reshape(-1).take(nodes)
        return nodes
