"""Columns in NumPy and a vectorised sum tree: what a careful user writes without a library.

It expects well-formed input. Stacks of frames are kept as frames, and the number of the one each begins with.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from rivals import ALPHA, BETA, EPS, SEED, Memory
from transitions import FRAMES, Array, Observations, Transitions
from workloads import GAMMA, Workload

from contenders.numpy_tree import SumTree


class Uniform(Memory):
    """One preallocated array per field, used as a ring."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self.size, self.next = workload.size, 0
        self.columns: dict[str, Array] = {}
        self.random = np.random.default_rng(SEED)

    def allocate(self, rows: Transitions) -> None:
        """Make columns for transitions like these."""
        for name, array in rows.fields.items():
            self.columns[name] = np.zeros((self.size, *array.shape[1:]), array.dtype)
        self.ring = tuple(self.columns.values())

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """Assign slices, part by part."""
        for part, rows in transitions.by_environment().chunks():
            if not self.columns:
                self.allocate(rows)
            for name, array in rows.fields.items():
                self.columns[name][part] = array

    def add(self, *row: Any) -> Any:
        """Write one row."""
        slot = self.next
        obs, action, reward, next_obs, terminated, truncated = row
        observations, actions, rewards, following, terminations, truncations = self.ring
        observations[slot] = obs
        actions[slot] = action
        rewards[slot] = reward
        following[slot] = next_obs
        terminations[slot] = terminated
        truncations[slot] = truncated
        self.next = (slot + 1) % self.size

    def extend(self, *arrays: Array) -> Any:
        """Write many rows, as one slice unless they reach beyond the ring's end."""
        count = len(arrays[0])
        first, last = self.next, self.next + count
        slots: Any = slice(first, last) if last <= self.size else np.arange(first, last) % self.size
        for column, array in zip(self.ring, arrays, strict=True):
            column[slots] = array
        self.next = last % self.size
        return slots

    def sample(self, batch_size: int) -> dict[str, Array]:
        """Draw with replacement."""
        return self.transitions(self.random.integers(self.size, size=batch_size))

    def transitions(self, slots: Array) -> dict[str, Array]:
        """Return the rows of these slots."""
        return {name: column.take(slots, axis=0) for name, column in self.columns.items()}

    def arrays(self, batch: Any) -> dict[str, Array]:
        """Return the batch without its slots."""
        return {name: np.asarray(array) for name, array in batch.items() if name != "slots"}


class Environments(Uniform):
    """Adds one step of many environments as a slice of rows."""

    add = Uniform.extend


class Prioritized(Uniform):
    """Draws from a sum tree, stratified; weights are divided by the largest in the batch."""

    def __init__(self, workload: Workload) -> None:
        super().__init__(workload)
        self.tree = SumTree(workload.size)
        self.largest = 1.0

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """Store all rows, then all priorities."""
        assert priorities is not None
        super().fill(transitions, priorities)
        self.update({"slots": np.arange(len(priorities))}, priorities)

    def add(self, *row: Any) -> Any:
        """Write one row, with the largest priority so far."""
        self.tree.set_one(self.next, self.largest**ALPHA)
        super().add(*row)

    def extend(self, *arrays: Array) -> Any:
        """Write many rows, with the largest priority so far."""
        slots = np.arange(self.next, self.next + len(arrays[0])) % self.size
        self.tree.set(slots, np.full(len(slots), self.largest**ALPHA))
        return super().extend(*arrays)

    def sample(self, batch_size: int) -> dict[str, Array]:
        """Draw one transition in each equal part of the total priority."""
        total = self.tree.total()
        slots = self.tree.find(
            (np.arange(batch_size) + self.random.random(batch_size)) * (total / batch_size)
        )
        weights = (self.tree.leaves[slots] * (self.size / total)) ** -BETA
        batch = self.transitions(slots)
        batch["weights"] = (weights / weights.max()).astype(np.float32)
        batch["slots"] = slots
        return batch

    def update(self, batch: Any, priorities: Any) -> None:
        """Set priorities by the slots of the batch."""
        lifted = priorities.astype(np.float64) + EPS
        self.largest = max(self.largest, float(lifted.max()))
        self.tree.set(batch["slots"], lifted**ALPHA)


class PrioritizedTensors(Prioritized):
    """Returns a tensor over each array."""

    def __init__(self, workload: Workload) -> None:
        super().__init__(workload)
        from torch import from_numpy

        self.tensor = from_numpy

    def sample(self, batch_size: int) -> dict[str, Any]:
        """Return tensors; the slots stay an array, for the update."""
        batch = super().sample(batch_size)
        return {name: array if name == "slots" else self.tensor(array) for name, array in batch.items()}

    def update(self, batch: Any, priorities: Any) -> None:
        """Take a tensor, or the array that a memory is filled with."""
        super().update(batch, np.asarray(priorities))


class PrioritizedNStep(Prioritized):
    """Stores steps, and computes transitions over n of them when it samples."""

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """Store all rows, and which of them are the last of their episode, or of all."""
        super().fill(transitions, priorities)
        self.is_last = self.columns["terminated"] | self.columns["truncated"]
        self.is_last[self.next - 1] = True
        self.discounts = GAMMA ** np.arange(self.workload.n + 1)

    def transitions(self, slots: Array) -> dict[str, Array]:
        """Return n-step transitions: one step further at a time, all slots at once."""
        columns, last, goes_on = self.columns, slots, np.ones(len(slots), np.bool_)
        reward = columns["reward"].take(slots).astype(np.float64)
        steps = np.ones(len(slots), np.int64)
        for k in range(1, self.workload.n):
            goes_on = goes_on & ~self.is_last.take(last)
            last = (last + goes_on) % self.size
            reward += goes_on * columns["reward"].take(last) * GAMMA**k
            steps += goes_on
        terminated = columns["terminated"].take(last)
        return {
            "obs": columns["obs"].take(slots, axis=0),
            "action": columns["action"].take(slots),
            "reward": reward.astype(np.float32),
            "next_obs": columns["next_obs"].take(last, axis=0),
            "terminated": terminated,
            "truncated": columns["truncated"].take(last),
            "discount": (self.discounts.take(steps) * ~terminated).astype(np.float32),
        }


class Stacks(Uniform):
    """Stores each frame once, and for each transition the frame that its stack begins with."""

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """Keep the frames of all stacks in order, and the other fields as columns."""
        assert isinstance(transitions.obs, Observations)
        self.frames = np.concatenate([transitions.obs.values[:, 0], transitions.obs.values[-1, 1:]])
        self.first = transitions.obs.rows.copy()
        names = ("action", "reward", "terminated", "truncated")
        self.columns = {name: getattr(transitions, name).copy() for name in names}

    def sample(self, batch_size: int) -> dict[str, Array]:
        """Gather two stacks for each row."""
        slots = self.random.integers(self.size, size=batch_size)
        stack = self.first.take(slots)[:, None] + np.arange(FRAMES)
        batch = {name: column.take(slots, axis=0) for name, column in self.columns.items()}
        batch["obs"] = self.frames.take(stack, axis=0)
        batch["next_obs"] = self.frames.take(stack + 1, axis=0)
        return batch
