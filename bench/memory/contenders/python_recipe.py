"""Replay buffers in plain Python, as many agents have them.

Both keep copies of observations, because an environment may reuse its arrays. n-step transitions are stored
as they are given.
"""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import numpy as np
from rivals import ALPHA, BETA, EPS, SEED, Memory
from transitions import Array, Transitions
from workloads import Workload

DTYPES = (np.float32, np.int64, np.float32, np.float32, np.bool_, np.bool_, np.float32)


def to_arrays(rows: list[tuple[Any, ...]]) -> list[Array]:
    """Return one array per field, by `np.array`, which is faster here than `np.stack`."""
    return [np.array(column, dtype) for column, dtype in zip(zip(*rows, strict=True), DTYPES, strict=False)]


class Uniform(Memory):
    """A deque and `random.sample`, as in PyTorch's DQN tutorial."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self.rows: Any = deque(maxlen=workload.size)
        self.random = random.Random(SEED)

    def add(self, obs: Any, *rest: Any) -> None:
        """Store one transition; the oldest goes when the deque is full."""
        action, reward, next_obs, *ends = rest
        self.rows.append((obs.copy(), action, reward, next_obs.copy(), *ends))

    def extend(self, *arrays: Array) -> None:
        """Add row by row."""
        for row in zip(*arrays, strict=True):
            self.add(*row)

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """Add row by row, as Python numbers."""
        for _, rows in self.workload.sampled(transitions).chunks():
            discount = [] if rows.discount is None else [rows.discount.tolist()]
            for step, *more in zip(rows.steps(), *discount, strict=True):
                self.add(*step, *more)

    def sample(self, batch_size: int) -> Any:
        """Draw transitions without replacement."""
        return to_arrays(self.random.sample(self.rows, batch_size))

    def arrays(self, batch: Any) -> dict[str, Array]:
        """Return the fields of a row by name."""
        names = ("obs", "action", "reward", "next_obs", "terminated", "truncated", "discount")
        return dict(zip(names, batch, strict=False))


class SumTree:
    """The usual binary sum tree in a list: node i holds the sum of nodes 2i and 2i + 1."""

    def __init__(self, capacity: int) -> None:
        self.leaves = 1 << (capacity - 1).bit_length()
        self.nodes = [0.0] * (2 * self.leaves)

    def total(self) -> float:
        """Return the sum of all leaves."""
        return self.nodes[1]

    def __getitem__(self, slot: int) -> float:
        return self.nodes[self.leaves + slot]

    def __setitem__(self, slot: int, mass: float) -> None:
        nodes, node = self.nodes, self.leaves + slot
        nodes[node] = mass
        while node > 1:
            node //= 2
            nodes[node] = nodes[2 * node] + nodes[2 * node + 1]

    def find(self, target: float) -> int:
        """Return the slot in whose share of the total the target lies."""
        nodes, leaves, node = self.nodes, self.leaves, 1
        while node < leaves:
            node *= 2
            if target >= nodes[node]:
                target -= nodes[node]
                node += 1
        return node - leaves


class Prioritized(Uniform):
    """A list of transitions and a sum tree, as in OpenAI's Baselines.

    Draws are stratified, and weights divided by the largest in the batch.
    """

    def __init__(self, workload: Workload) -> None:
        super().__init__(workload)
        self.capacity = workload.size
        self.rows = []
        self.next_slot = 0
        self.tree = SumTree(workload.size)
        self.largest = 1.0

    def add(self, obs: Any, *rest: Any) -> None:
        """Store one transition, with the largest priority so far."""
        action, reward, next_obs, *ends = rest
        row = (obs.copy(), action, reward, next_obs.copy(), *ends)
        if len(self.rows) < self.capacity:
            self.rows.append(row)
        else:
            self.rows[self.next_slot] = row
        self.tree[self.next_slot] = self.largest**ALPHA
        self.next_slot = (self.next_slot + 1) % self.capacity

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """Store all rows, then all priorities."""
        assert priorities is not None
        super().fill(transitions, priorities)
        self.update(([], [], range(len(priorities))), priorities)

    def sample(self, batch_size: int) -> Any:
        """Draw one transition in each equal part of the total priority."""
        total, size = self.tree.total(), len(self.rows)
        part, draw, last = total / batch_size, self.random.random, size - 1
        slots = [min(self.tree.find((i + draw()) * part), last) for i in range(batch_size)]
        probabilities = np.array([self.tree[slot] for slot in slots]) / total
        weights = (size * probabilities) ** -BETA
        weights = (weights / weights.max()).astype(np.float32)
        return to_arrays([self.rows[slot] for slot in slots]), weights, slots

    def update(self, batch: Any, priorities: Any) -> None:
        """Set priorities; the last of repeated slots wins."""
        for slot, priority in zip(batch[2], priorities.tolist(), strict=True):
            lifted = priority + EPS
            self.tree[slot] = lifted**ALPHA
            self.largest = max(self.largest, lifted)

    def arrays(self, batch: Any) -> dict[str, Array]:
        """Return the fields and the weights."""
        fields, weights, _ = batch
        return {**super().arrays(fields), "weights": weights}
