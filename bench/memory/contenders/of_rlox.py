"""rlox, written in Rust, whose weights are divided by the largest possible in the buffer.

- Actions are float32 arrays, and flags come back as uint8. Actions are made before `add` is timed.
- Every call of `sample` takes a seed of its own.
- A new transition gets the priority 1, not the largest so far. Epsilon is added here, not by rlox.
"""

from __future__ import annotations

from itertools import count
from typing import Any

import numpy as np
import rlox
from rivals import ALPHA, BETA, EPS, SEED, Memory, Unavailable
from transitions import Array, Step, Transitions
from workloads import Workload

NAMES = {"actions": "action", "rewards": "reward"}


class Uniform(Memory):
    """A ring of float32."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self.buffer = self.empty()
        self.seeds = count(SEED)
        self.draw: Any = self.buffer.sample

    def empty(self) -> Any:
        """Return rlox's own buffer."""
        return rlox.ReplayBuffer(self.workload.size, *self.workload.shape, 1)

    def given(self, step: Step) -> tuple[Any, ...]:
        """Return the action as rlox takes it."""
        obs, action, *rest = step
        return obs, np.array([action], np.float32), *rest

    def add(self, obs: Any, action: Any, reward: Any, next_obs: Any, terminated: Any, truncated: Any) -> None:
        """Add one row."""
        self.buffer.push(obs, action, reward, terminated, truncated, next_obs)

    def extend(self, *arrays: Array) -> None:
        """Add many rows, in the types that rlox takes."""
        obs, action, reward, next_obs, terminated, truncated = arrays
        self.buffer.push_batch(
            obs.reshape(-1),
            next_obs.reshape(-1),
            action.astype(np.float32),
            reward,
            terminated.view(np.uint8),
            truncated.view(np.uint8),
        )

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """Call `extend` part by part."""
        for _, rows in transitions.by_environment().chunks():
            self.extend(*rows.fields.values())

    def sample(self, batch_size: int) -> Any:
        """Draw with a new seed."""
        return self.draw(batch_size, next(self.seeds))

    def arrays(self, batch: Any) -> dict[str, Array]:
        """Return the fields by our names."""
        return {NAMES.get(name, name): array for name, array in batch.items() if name != "indices"}


class Environments(Uniform):
    """Adds one step of many environments as many rows."""

    def given(self, step: Step) -> tuple[Any, ...]:
        """Return the arrays as they are."""
        return step

    add: Any = Uniform.extend


class Prioritized(Uniform):
    """Draws by priority, from a sum tree."""

    def empty(self) -> Any:
        """Return rlox's own buffer."""
        return rlox.PrioritizedReplayBuffer(self.workload.size, *self.workload.shape, 1, ALPHA, BETA)

    def extend(self, *arrays: Array) -> None:
        """Add row by row, because rlox has no `push_batch` here."""
        self.push(arrays, np.ones(len(arrays[0])))

    def push(self, arrays: tuple[Array, ...], priorities: Array) -> None:
        """Add rows, each with its priority."""
        obs, action, reward, next_obs, terminated, truncated = arrays
        push, actions = self.buffer.push, action.astype(np.float32)[:, None]
        flags = terminated.tolist(), truncated.tolist()
        for row in zip(obs, actions, reward.tolist(), *flags, next_obs, priorities.tolist(), strict=True):
            push(*row)

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """Add row by row."""
        assert priorities is not None
        for part, rows in transitions.chunks():
            self.push(tuple(rows.fields.values()), priorities[part].astype(np.float64) + EPS)

    def update(self, batch: Any, priorities: Any) -> None:
        """Set priorities by the batch's indices, in the types that rlox takes."""
        self.buffer.update_priorities(batch["indices"], priorities.astype(np.float64) + EPS)


class Sequences(Uniform):
    """Draws sequences within complete episodes, all of them full."""

    def __init__(self, workload: Workload) -> None:
        super().__init__(workload)
        self.draw = self.buffer.sample_sequences

    def empty(self) -> Any:
        """Return rlox's own buffer.

        Raises:
            Unavailable: for stacks, which it would keep as rows of float32.
        """
        if len(self.workload.shape) != 1:
            raise Unavailable("rlox: got stacks of uint8, expected rows of float32")
        return rlox.SequenceReplayBuffer(self.workload.size, *self.workload.shape, 1)

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """Add row by row."""
        push = self.buffer.push
        for _, rows in transitions.chunks():
            obs, action, reward, next_obs, terminated, truncated = rows.fields.values()
            actions = action.astype(np.float32)[:, None]
            flags = terminated.tolist(), truncated.tolist()
            for row in zip(obs, next_obs, actions, reward.tolist(), *flags, strict=True):
                push(*row)

    def sample(self, batch_size: int) -> Any:
        """Draw with a new seed."""
        return self.draw(batch_size, self.workload.steps, next(self.seeds))

    def arrays(self, batch: Any) -> dict[str, Array]:
        """Return one run behind another."""
        rows = {name: array.reshape(-1, *array.shape[2:]) for name, array in super().arrays(batch).items()}
        rows["action"] = rows["action"].ravel()
        return {**rows, "offsets": np.arange(0, len(rows["action"]) + 1, self.workload.steps)}
