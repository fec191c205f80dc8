"""tianshou, whose weights are divided by the largest in the batch.

n-step returns are computed by `Algorithm.compute_nstep_return`, as for tianshou's agents. It calls a function
that reads the observations after the last step and returns their values, which are zeros here.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from rivals import ALPHA, BETA, EPS, Memory
from tianshou.algorithm.algorithm_base import Algorithm
from tianshou.data import (
    Batch,
    PrioritizedReplayBuffer,
    PrioritizedVectorReplayBuffer,
    ReplayBuffer,
    VectorReplayBuffer,
)
from transitions import FRAMES, Array, Transitions
from workloads import GAMMA, Workload

NAMES = {
    "obs": "obs",
    "act": "action",
    "rew": "reward",
    "obs_next": "next_obs",
    "terminated": "terminated",
    "truncated": "truncated",
    "weight": "weights",
}


class Uniform(Memory):
    """A buffer of one environment, or of many."""

    options: ClassVar[dict[str, Any]] = {}
    buffer_classes: ClassVar[tuple[Any, Any]] = (ReplayBuffer, VectorReplayBuffer)

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        single, vector = self.buffer_classes
        environments = workload.environments
        self.buffer: Any = (
            single(workload.size, **self.options)
            if environments == 1
            else vector(workload.size, environments, **self.options)
        )
        self.sample: Any = self.buffer.sample

    def add(self, obs: Any, action: Any, reward: Any, next_obs: Any, terminated: Any, truncated: Any) -> None:
        """Add one `Batch`, as tianshou's collector makes it."""
        self.buffer.add(
            Batch(
                obs=obs, act=action, rew=reward, obs_next=next_obs, terminated=terminated, truncated=truncated
            )
        )

    def extend(self, *arrays: Array) -> None:
        """Add row by row, because tianshou has no `add` of many rows."""
        for row in zip(*arrays, strict=True):
            self.add(*row)

    def stored(self, rows: Transitions) -> dict[str, Array]:
        """Return the columns that tianshou keeps of these rows."""
        named = {name: rows.fields[ours] for name, ours in NAMES.items() if ours != "weights"}
        # tianshou keeps rewards as float64, and `done`.
        return {**named, "rew": named["rew"].astype(np.float64), "done": rows.terminated | rows.truncated}

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """Set all columns at once, and the counters as after one round of `add`."""
        columns: dict[str, Array] = {}
        for part, rows in transitions.by_environment().chunks():
            for name, array in self.stored(rows).items():
                if name not in columns:
                    columns[name] = np.zeros((self.workload.size, *array.shape[1:]), array.dtype)
                columns[name][part] = array
        buffer = self.buffer
        buffer.set_batch(Batch(columns))
        length = self.workload.size // self.workload.environments
        for part in getattr(buffer, "buffers", [buffer]):
            part._size, part.last_index = length, np.array([length - 1])
        if self.workload.environments > 1:
            buffer._lengths[:] = length
            buffer.last_index = buffer._offset + length - 1

    def arrays(self, batch: Any) -> dict[str, Array]:
        """Return the fields by our names."""
        rows, _ = batch
        return {ours: np.asarray(rows[name]) for name, ours in NAMES.items() if name in rows.get_keys()}


class Prioritized(Uniform):
    """Draws by priority, each row independently."""

    options: ClassVar = {"alpha": ALPHA, "beta": BETA}
    buffer_classes: ClassVar = (PrioritizedReplayBuffer, PrioritizedVectorReplayBuffer)

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """Store all rows, then all priorities."""
        super().fill(transitions, priorities)
        assert priorities is not None
        assert np.isclose(EPS, np.finfo(np.float32).eps)  # tianshou's
        self.buffer.update_weight(np.arange(len(priorities)), priorities)

    def update(self, batch: Any, priorities: Any) -> None:
        """Set priorities, an array or a tensor, by the indices that came with the batch."""
        self.buffer.update_weight(batch[1], priorities)


class PrioritizedTensors(Prioritized):
    """Converts each batch in place, by tianshou's own method."""

    def __init__(self, workload: Workload) -> None:
        super().__init__(workload)
        self.sample = self.sample_tensors

    def sample_tensors(self, batch_size: int) -> Any:
        """Return tensors; the indices stay an array, for the update."""
        batch, indices = self.buffer.sample(batch_size)
        batch.to_torch_()
        return batch, indices


class PrioritizedNStep(Prioritized):
    """Computes the returns of n steps and reads the observations after them, as tianshou's algorithms do."""

    lacks: ClassVar = {"discount": "the returns already contain the discounted values"}

    def __init__(self, workload: Workload) -> None:
        super().__init__(workload)
        self.sample = self.sample_n_step

    def read_next(self, buffer: Any, indices: Array) -> torch.Tensor:
        """Read what an algorithm's network would be given; return zeros for the network's values."""
        self.after = {
            "obs_next": buffer.get(indices, "obs_next"),
            "terminated": buffer.terminated[indices],
            "truncated": buffer.truncated[indices],
        }
        return torch.zeros(len(indices))

    def sample_n_step(self, batch_size: int) -> Any:
        """Draw steps, then compute their returns."""
        batch, indices = self.buffer.sample(batch_size)
        Algorithm.compute_nstep_return(batch, self.buffer, indices, self.read_next, GAMMA, self.workload.n)
        batch.update(self.after)
        return batch, indices

    def arrays(self, batch: Any) -> dict[str, Array]:
        """Return the fields, with the returns as rewards."""
        return {**super().arrays(batch), "reward": np.asarray(batch[0].returns).ravel()}


class Stacks(Uniform):
    """Stores each frame once; an observation is the newest frames of its episode, padded by the first one."""

    options: ClassVar = {"stack_num": FRAMES, "save_only_last_obs": True, "ignore_obs_next": True}
    wrong: ClassVar = {
        "next_obs": "where an episode was truncated: there it is the observation before the last step"
    }

    def stored(self, rows: Transitions) -> dict[str, Array]:
        """Return the columns, with only the newest frame of each observation."""
        columns = super().stored(rows)
        del columns["obs_next"]
        return {**columns, "obs": columns["obs"][:, -1]}

    def is_wrong(self, start: Transitions, transitions: Transitions) -> dict[str, Array]:
        """Mark the observations after an episode's end; they matter where it did not terminate."""
        return {"next_obs": transitions.terminated | transitions.truncated}


class Thesis(Stacks, PrioritizedNStep):
    """Combines stacks, n steps and priorities for many environments."""

    options: ClassVar = {**Stacks.options, **Prioritized.options}

    def read_next(self, buffer: Any, indices: Array) -> torch.Tensor:
        """Read the observation after a step, which is that of the next step; return zeros as values."""
        self.after = {
            "obs_next": buffer.get(buffer.next(indices), "obs"),
            "terminated": buffer.terminated[indices],
            "truncated": buffer.truncated[indices],
        }
        return torch.zeros(len(indices))


class Sequences(Uniform):
    """Reads every field as a stack of steps that ends with the drawn one, as tianshou reads observations.

    Where an episode is shorter, its first step is repeated.
    """

    def __init__(self, workload: Workload) -> None:
        super().__init__(workload)
        self.sample = self.sample_sequences

    def sample_sequences(self, batch_size: int) -> Any:
        """Draw steps, then read the stacks of all fields."""
        buffer, steps = self.buffer, self.workload.steps
        indices = buffer.sample_indices(batch_size)
        rows = {
            ours: buffer.get(indices, name, stack_num=steps)
            for name, ours in NAMES.items()
            if ours != "weights"
        }
        return rows, indices

    def arrays(self, batch: Any) -> dict[str, Array]:
        """Return the steps without the repeated ones, one run behind another."""
        rows, indices = batch
        stack = [indices]
        for _ in range(self.workload.steps - 1):
            stack.insert(0, self.buffer.prev(stack[0]))
        index = np.stack(stack, axis=1)
        valid = np.ones(index.shape, np.bool_)
        valid[:, :-1] = index[:, 1:] != index[:, :-1]
        offsets = np.append(0, np.cumsum(valid.sum(axis=1)))
        return {
            **{name: array[valid] for name, array in rows.items() if name != "weights"},
            "offsets": offsets,
        }


class PrioritizedSequences(Sequences, Prioritized):
    """Draws the last steps of the stacks by priority."""

    def __init__(self, workload: Workload) -> None:
        super().__init__(workload)
        self.sample = self.sample_by_priority

    def sample_by_priority(self, batch_size: int) -> Any:
        """Add the weights."""
        rows, indices = self.sample_sequences(batch_size)
        weights = self.buffer.get_weight(indices)
        return {**rows, "weights": weights / np.max(weights)}, indices

    def arrays(self, batch: Any) -> dict[str, Array]:
        """Add the weights, and the drawn steps."""
        arrays = super().arrays(batch)
        return {**arrays, "weights": batch[0]["weights"], "drawn": arrays["offsets"][1:] - 1}
