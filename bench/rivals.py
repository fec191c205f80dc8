"""The contenders, each behind the same small protocol and at its best settings.

`add`, `sample` and `update_priorities` are the lines of Python that a user of each library writes; where
it can be, they are the library's own methods, so that the protocol costs nothing. The rest is untimed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from python_buffers import DequeBuffer, SumTreeBuffer
from transitions import Array, Transitions

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer

SEED = 7
ALPHA, BETA, EPS = 0.6, 0.4, 1e-6
FIELDS = ("obs", "action", "reward", "next_obs", "terminated", "truncated")


class Rival(Protocol):
    """A replay buffer under test."""

    prioritized: bool
    add: Callable[..., Any]  # (obs, action, reward, next_obs, terminated, truncated)
    sample: Callable[[int], Any]  # (batch_size) -> the library's own batch, every array a copy
    update_priorities: Callable[[Any, Array], Any]  # (indices, priorities), of prioritised ones only

    def fill(self, transitions: Transitions, priorities: Array) -> None:
        """Stores many transitions, the quickest way that there is."""

    def indices(self, batch: Any) -> Any:
        """What `update_priorities` takes."""

    def arrays(self, batch: Any) -> dict[str, Array]:
        """The batch by the names of `FIELDS`, and `weights` if it is prioritised."""


class Ours(Rival):
    """dqn_fast, with its weights divided by the largest in the batch, or possible in the buffer."""

    def __init__(self, capacity: int, normalization: str | None) -> None:
        if normalization is None:
            self.buffer = ReplayBuffer(capacity, seed=SEED)
        else:
            self.buffer = PrioritizedReplayBuffer(
                capacity,
                alpha=ALPHA,
                beta=BETA,
                priority_eps=EPS,
                weight_normalization=normalization,
                seed=SEED,
            )
        self.prioritized = normalization is not None
        self.add = self.buffer.add
        self.sample = self.buffer.sample
        self.update_priorities = self.buffer.update_priorities

    def fill(self, transitions: Transitions, priorities: Array) -> None:
        """One `extend`."""
        rows = [getattr(transitions, name) for name in FIELDS]
        self.buffer.extend(*rows, priority=priorities if self.prioritized else None)

    def indices(self, batch: Any) -> Any:
        """The batch's own."""
        return batch.indices

    def arrays(self, batch: Any) -> dict[str, Array]:
        """The batch's own, less `discount` and a uniform buffer's weights, which no rival has."""
        return {name: getattr(batch, name) for name in (*FIELDS, *["weights"] * self.prioritized)}


class PurePython(Rival):
    """A deque, or a list and a sum tree."""

    def __init__(self, capacity: int, prioritized: bool) -> None:
        self.prioritized = prioritized
        buffer: Any = (
            SumTreeBuffer(capacity, SEED, ALPHA, BETA, EPS) if prioritized else DequeBuffer(capacity, SEED)
        )
        self.add = buffer.add
        self.sample = buffer.sample
        if prioritized:
            self.update_priorities = buffer.update_priorities

    def fill(self, transitions: Transitions, priorities: Array) -> None:
        """One `add` after the other, and an update."""
        for step in transitions.steps():
            self.add(*step)
        if self.prioritized:
            self.update_priorities(range(len(transitions)), priorities)

    def indices(self, batch: Any) -> Any:
        """The batch's own."""
        return batch.indices

    def arrays(self, batch: Any) -> dict[str, Array]:
        """The batch's own."""
        return {name: array for name, array in batch._asdict().items() if name != "indices"}


class Cpprb(Rival):
    """cpprb, whose weights are divided by the largest possible in the buffer.

    It keeps `next_obs` as a field: its `next_of` saves memory, but was slower to add to and to sample.
    `weights` and `indexes` are views of memory that its next call writes to, hence the copies. It
    draws from NumPy's global generator, or (prioritised) from one that cannot be seeded.
    """

    def __init__(self, capacity: int, prioritized: bool) -> None:
        import cpprb

        fields: dict[str, dict[str, Any]] = {
            "obs": {"shape": 4},
            "action": {"dtype": np.int64},
            "reward": {},
            "next_obs": {"shape": 4},
            "terminated": {"dtype": np.bool_},
            "truncated": {"dtype": np.bool_},
        }
        self.prioritized = prioritized
        self.add = self.add_by_name
        if prioritized:
            self.buffer = cpprb.PrioritizedReplayBuffer(capacity, fields, alpha=ALPHA, eps=EPS)
            self.sample = self.sample_by_priority
            self.update_priorities = self.buffer.update_priorities
        else:
            self.buffer = cpprb.ReplayBuffer(capacity, fields)
            self.sample = self.buffer.sample

    def add_by_name(
        self, obs: Array, action: int, reward: float, next_obs: Array, terminated: bool, truncated: bool
    ) -> None:
        """Gives every field by its name, as cpprb wants it."""
        self.buffer.add(
            obs=obs,
            action=action,
            reward=reward,
            next_obs=next_obs,
            terminated=terminated,
            truncated=truncated,
        )

    def sample_by_priority(self, batch_size: int) -> dict[str, Array]:
        """Draws a batch that the next call does not change."""
        batch: dict[str, Array] = self.buffer.sample(batch_size, BETA)
        batch["weights"] = batch["weights"].copy()
        batch["indexes"] = batch["indexes"].copy()
        return batch

    def fill(self, transitions: Transitions, priorities: Array) -> None:
        """One `add` of many rows."""
        rows: dict[str, Array] = {name: getattr(transitions, name) for name in FIELDS}
        self.buffer.add(**rows, **({"priorities": priorities} if self.prioritized else {}))

    def indices(self, batch: Any) -> Any:
        """Already copied."""
        return batch["indexes"]

    def arrays(self, batch: Any) -> dict[str, Array]:
        """The columns of shape (B, 1), in which cpprb returns all numbers, as (B,): views."""
        wide = ("obs", "next_obs")
        names = (*FIELDS, *["weights"] * self.prioritized)
        return {name: batch[name] if name in wide else batch[name].ravel() for name in names}
