"""cpprb, whose weights are divided by the largest possible in the buffer.

- `next_obs` is a field of its own: cpprb's `next_of` saves memory, but was slower to add to and to sample.
- `weights` and `indexes` are copied, because they are views of memory that cpprb's next call writes to.
- Seeds: uniform draws come from NumPy's global generator, prioritised ones from one that cannot be seeded.
- n-step transitions are given ready-made: cpprb's `Nstep` gets the last ones of a truncated episode wrong.
"""

from __future__ import annotations

from typing import Any

import cpprb
import numpy as np
from rivals import ALPHA, BETA, EPS, Memory
from transitions import Array, Transitions
from workloads import Workload


def fields(workload: Workload) -> dict[str, dict[str, Any]]:
    """Return the fields of a transition as cpprb's `env_dict`."""
    return {
        "obs": {"shape": workload.shape},
        "action": {"dtype": np.int64},
        "reward": {},
        "next_obs": {"shape": workload.shape},
        "terminated": {"dtype": np.bool_},
        "truncated": {"dtype": np.bool_},
        **({"discount": {}} if workload.n > 1 else {}),
    }


class Uniform(Memory):
    """Draws uniformly."""

    def __init__(self, workload: Workload) -> None:
        self.buffer = cpprb.ReplayBuffer(workload.size, fields(workload))
        self.workload = workload
        self.add = self.extend = self.add_by_name
        self.sample = self.buffer.sample

    def add_by_name(
        self, obs: Any, action: Any, reward: Any, next_obs: Any, terminated: Any, truncated: Any
    ) -> None:
        """Add one row or many, every field by its name."""
        self.buffer.add(
            obs=obs,
            action=action,
            reward=reward,
            next_obs=next_obs,
            terminated=terminated,
            truncated=truncated,
        )

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """Call `add` with many rows, part by part."""
        for part, rows in self.workload.sampled(transitions).by_environment().chunks():
            given = {} if priorities is None else {"priorities": priorities[part]}
            self.buffer.add(**rows.fields, **given)

    def arrays(self, batch: Any) -> dict[str, Array]:
        """Return views of shape (B,) of cpprb's numbers, which have shape (B, 1)."""
        return {
            name: np.asarray(column if name in ("obs", "next_obs") else column.ravel())
            for name, column in batch.items()
            if name != "indexes"
        }


class Prioritized(Uniform):
    """Draws by priority."""

    def __init__(self, workload: Workload) -> None:
        super().__init__(workload)
        self.buffer = cpprb.PrioritizedReplayBuffer(workload.size, fields(workload), alpha=ALPHA, eps=EPS)
        self.sample = self.sample_by_priority

    def sample_by_priority(self, batch_size: int) -> dict[str, Any]:
        """Draw a batch that the next call does not change."""
        batch: dict[str, Any] = self.buffer.sample(batch_size, BETA)
        batch["weights"] = batch["weights"].copy()
        batch["indexes"] = batch["indexes"].copy()
        return batch

    def update(self, batch: Any, priorities: Any) -> None:
        """Set priorities by the batch's indices."""
        self.buffer.update_priorities(batch["indexes"], priorities)


class PrioritizedTensors(Prioritized):
    """Returns a tensor over each array."""

    def __init__(self, workload: Workload) -> None:
        super().__init__(workload)
        from torch import from_numpy

        self.tensor = from_numpy
        self.sample = self.sample_tensors

    def sample_tensors(self, batch_size: int) -> dict[str, Any]:
        """Return tensors; the indices stay an array, for the update."""
        batch = self.buffer.sample(batch_size, BETA)
        indexes = batch.pop("indexes").copy()
        batch["weights"] = batch["weights"].copy()
        tensors: dict[str, Any] = {name: self.tensor(column) for name, column in batch.items()}
        tensors["indexes"] = indexes
        return tensors

    def update(self, batch: Any, priorities: Any) -> None:
        """Take a tensor."""
        self.buffer.update_priorities(batch["indexes"], priorities.numpy())


class Stacks(Memory):
    """Stores each frame once. The stack is the last axis, but a frame's bytes lie together."""

    def __init__(self, workload: Workload) -> None:
        channels, *image = workload.shape
        stored = {**fields(workload), "obs": {"shape": (*image, channels), "dtype": np.uint8}}
        del stored["next_obs"]
        self.buffer = cpprb.ReplayBuffer(workload.size, stored, next_of="obs", stack_compress="obs")
        self.sample = self.buffer.sample

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """Call `add` once per episode; cpprb keeps the last observation aside."""
        first = 0
        for last in np.flatnonzero(transitions.terminated | transitions.truncated):
            rows = transitions[first : last + 1].fields
            for name in ("obs", "next_obs"):
                rows[name] = np.moveaxis(rows[name], 1, -1)
            self.buffer.add(**rows)
            self.buffer.on_episode_end()
            first = last + 1

    def arrays(self, batch: Any) -> dict[str, Array]:
        """Return views with the stack's axis where everybody has it."""
        columns: dict[str, Array] = {name: column for name, column in batch.items() if name != "indexes"}
        wide = ("obs", "next_obs")
        return {
            name: np.moveaxis(column, -1, 1) if name in wide else column.ravel()
            for name, column in columns.items()
        }
