"""Replay buffers in plain Python, as many agents have them: what the C++ memory is compared with.

Both keep copies of the observations that they are given, as the C++ memory does: an environment may
reuse its arrays.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from transitions import Array, Step


class Batch(NamedTuple):
    """A batch of transitions, in arrays with one row each."""

    obs: Array
    action: Array
    reward: Array
    next_obs: Array
    terminated: Array
    truncated: Array


class PrioritizedBatch(NamedTuple):
    """A batch of transitions with their importance weights, and their slots for the update."""

    obs: Array
    action: Array
    reward: Array
    next_obs: Array
    terminated: Array
    truncated: Array
    weights: Array
    indices: list[int]


def to_arrays(rows: list[Step]) -> tuple[Array, Array, Array, Array, Array, Array]:
    """One array for each field; `np.array` is several times faster here than `np.stack`."""
    obs, action, reward, next_obs, terminated, truncated = zip(*rows, strict=True)
    return (
        np.array(obs, np.float32),
        np.array(action, np.int64),
        np.array(reward, np.float32),
        np.array(next_obs, np.float32),
        np.array(terminated, np.bool_),
        np.array(truncated, np.bool_),
    )


class DequeBuffer:
    """Uniform replay: a deque, and `random.sample` (the buffer of PyTorch's DQN tutorial)."""

    def __init__(self, capacity: int, seed: int) -> None:
        self.rows: deque[Step] = deque(maxlen=capacity)
        self.random = random.Random(seed)

    def add(
        self, obs: Array, action: int, reward: float, next_obs: Array, terminated: bool, truncated: bool
    ) -> None:
        """Stores one transition; the oldest goes when the deque is full."""
        self.rows.append((obs.copy(), action, reward, next_obs.copy(), terminated, truncated))

    def sample(self, batch_size: int) -> Batch:
        """Draws transitions without replacement."""
        return Batch(*to_arrays(self.random.sample(self.rows, batch_size)))


class SumTree:
    """The usual binary sum tree in a list: node i is the sum of nodes 2i and 2i + 1."""

    def __init__(self, capacity: int) -> None:
        self.leaves = 1 << (capacity - 1).bit_length()
        self.nodes = [0.0] * (2 * self.leaves)

    def total(self) -> float:
        """The sum of all leaves."""
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
        """The slot in whose share of the total the target lies."""
        nodes, leaves, node = self.nodes, self.leaves, 1
        while node < leaves:
            node *= 2
            if target >= nodes[node]:
                target -= nodes[node]
                node += 1
        return node - leaves


class SumTreeBuffer:
    """Prioritised replay: a list of transitions and a sum tree, as in OpenAI's Baselines.

    Draws are stratified, and weights divided by the largest in the batch.
    """

    def __init__(self, capacity: int, seed: int, alpha: float, beta: float, eps: float) -> None:
        self.capacity = capacity
        self.alpha = alpha
        self.beta = beta
        self.eps = eps
        self.rows: list[Step] = []
        self.next_slot = 0
        self.tree = SumTree(capacity)
        self.largest = 1.0
        self.random = random.Random(seed)

    def add(
        self, obs: Array, action: int, reward: float, next_obs: Array, terminated: bool, truncated: bool
    ) -> None:
        """Stores one transition, with the largest priority so far."""
        row = (obs.copy(), action, reward, next_obs.copy(), terminated, truncated)
        if len(self.rows) < self.capacity:
            self.rows.append(row)
        else:
            self.rows[self.next_slot] = row
        self.tree[self.next_slot] = self.largest**self.alpha
        self.next_slot = (self.next_slot + 1) % self.capacity

    def sample(self, batch_size: int) -> PrioritizedBatch:
        """Draws one transition in each equal part of the total priority."""
        total, size = self.tree.total(), len(self.rows)
        part, draw, last = total / batch_size, self.random.random, size - 1
        indices = [min(self.tree.find((i + draw()) * part), last) for i in range(batch_size)]
        probabilities = np.array([self.tree[slot] for slot in indices]) / total
        weights = (size * probabilities) ** -self.beta
        weights = (weights / weights.max()).astype(np.float32)
        return PrioritizedBatch(*to_arrays([self.rows[slot] for slot in indices]), weights, indices)

    def update_priorities(self, indices: Sequence[int], priorities: Array) -> None:
        """Gives transitions new priorities; the last of repeated slots wins."""
        for slot, priority in zip(indices, priorities.tolist(), strict=True):
            lifted = priority + self.eps
            self.tree[slot] = lifted**self.alpha
            self.largest = max(self.largest, lifted)
