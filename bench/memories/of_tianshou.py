"""tianshou, whose weights are divided by the largest in the batch.

It computes n-step returns when it samples, as `Algorithm.compute_nstep_return` does for its agents: with a
function that reads the observations after the last step and returns their values, here zeros.
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
    """One buffer, or one of many environments."""

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
        """One `Batch`, as its collector makes it."""
        self.buffer.add(
            Batch(
                obs=obs, act=action, rew=reward, obs_next=next_obs, terminated=terminated, truncated=truncated
            )
        )

    def extend(self, *arrays: Array) -> None:
        """One `add` after the other: it has nothing else."""
        for row in zip(*arrays, strict=True):
            self.add(*row)

    def stored(self, rows: Transitions) -> dict[str, Array]:
        """What it keeps of these rows."""
        named = {name: rows.fields[ours] for name, ours in NAMES.items() if ours != "weights"}
        # It keeps rewards as float64, and `done`.
        return {**named, "rew": named["rew"].astype(np.float64), "done": rows.terminated | rows.truncated}

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """All arrays at once, and as if `add` had gone round once."""
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
        """By our names."""
        rows, _ = batch
        return {ours: np.asarray(rows[name]) for name, ours in NAMES.items() if name in rows.get_keys()}


class Prioritized(Uniform):
    """Draws by priority, independently."""

    options: ClassVar = {"alpha": ALPHA, "beta": BETA}
    buffer_classes: ClassVar = (PrioritizedReplayBuffer, PrioritizedVectorReplayBuffer)

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """All rows, then all priorities."""
        super().fill(transitions, priorities)
        assert priorities is not None
        assert np.isclose(EPS, np.finfo(np.float32).eps)  # its own
        self.buffer.update_weight(np.arange(len(priorities)), priorities)

    def update(self, batch: Any, priorities: Any) -> None:
        """By the indices that came with the batch; of an array or a tensor."""
        self.buffer.update_weight(batch[1], priorities)


class PrioritizedTensors(Prioritized):
    """Its own conversion, in place."""

    def __init__(self, workload: Workload) -> None:
        super().__init__(workload)
        self.sample = self.sample_tensors

    def sample_tensors(self, batch_size: int) -> Any:
        """The indices stay an array, for the update."""
        batch, indices = self.buffer.sample(batch_size)
        batch.to_torch_()
        return batch, indices


class PrioritizedNStep(Prioritized):
    """The returns of n steps, and the observations after them, as its algorithms compute them."""

    lacks: ClassVar = {"discount": "the returns already contain the discounted values"}

    def __init__(self, workload: Workload) -> None:
        super().__init__(workload)
        self.sample = self.sample_n_step

    def read_next(self, buffer: Any, indices: Array) -> torch.Tensor:
        """What an algorithm's network is given; the values would be its output."""
        self.after = {
            "obs_next": buffer.get(indices, "obs_next"),
            "terminated": buffer.terminated[indices],
            "truncated": buffer.truncated[indices],
        }
        return torch.zeros(len(indices))

    def sample_n_step(self, batch_size: int) -> Any:
        """Draws, then computes."""
        batch, indices = self.buffer.sample(batch_size)
        Algorithm.compute_nstep_return(batch, self.buffer, indices, self.read_next, GAMMA, self.workload.n)
        batch.update(self.after)
        return batch, indices

    def arrays(self, batch: Any) -> dict[str, Array]:
        """With the returns as rewards."""
        return {**super().arrays(batch), "reward": np.asarray(batch[0].returns).ravel()}


class Stacks(Uniform):
    """Each frame stored once; an observation is the newest frames of its episode, the first one repeated."""

    options: ClassVar = {"stack_num": FRAMES, "save_only_last_obs": True, "ignore_obs_next": True}
    wrong: ClassVar = {
        "next_obs": "where an episode was cut off, which is where it reads the observation before it"
    }

    def stored(self, rows: Transitions) -> dict[str, Array]:
        """The newest frame of each observation."""
        columns = super().stored(rows)
        del columns["obs_next"]
        return {**columns, "obs": columns["obs"][:, -1]}

    def is_wrong(self, start: Transitions, transitions: Transitions) -> dict[str, Array]:
        """The observation after an episode's end, which matters where it did not terminate."""
        return {"next_obs": transitions.terminated | transitions.truncated}


class Thesis(Stacks, PrioritizedNStep):
    """Stacks, n steps and priorities of many environments."""

    options: ClassVar = {**Stacks.options, **Prioritized.options}

    def read_next(self, buffer: Any, indices: Array) -> torch.Tensor:
        """The observation after a step is that of the next."""
        self.after = {
            "obs_next": buffer.get(buffer.next(indices), "obs"),
            "terminated": buffer.terminated[indices],
            "truncated": buffer.truncated[indices],
        }
        return torch.zeros(len(indices))
