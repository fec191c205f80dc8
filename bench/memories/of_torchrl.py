"""torchrl, whose weights are divided by the largest possible in the buffer. Its batches are tensors.

The plain `ReplayBuffer` is faster than `TensorDictPrioritizedReplayBuffer`, which wraps it.
It is given n-step transitions as they are: its `MultiStepTransform` makes them when they are added.
"""

from __future__ import annotations

from typing import Any

import torch
from rivals import ALPHA, BETA, EPS, Memory, Unavailable
from tensordict import TensorDict
from torchrl.data import LazyTensorStorage, ReplayBuffer
from torchrl.data.replay_buffers import PrioritizedSampler, RandomSampler
from torchrl.data.replay_buffers.samplers.prioritized import SumSegmentTreeFp32
from transitions import FIELDS, Array, Transitions
from workloads import Workload


class Uniform(Memory):
    """A tensor for each field."""

    def __init__(self, workload: Workload, sampler: Any = None) -> None:
        self.workload = workload
        self.buffer = ReplayBuffer(
            storage=LazyTensorStorage(workload.size), sampler=RandomSampler() if sampler is None else sampler
        )
        self.sample: Any = self.buffer.sample

    def add(self, *step: Any) -> None:
        """One row, of Python numbers and arrays."""
        obs, action, reward, next_obs, terminated, truncated = step
        obs, next_obs = torch.from_numpy(obs), torch.from_numpy(next_obs)
        values = (obs, action, reward, next_obs, terminated, truncated)
        self.buffer.add(TensorDict(dict(zip(FIELDS, values, strict=True))))

    def extend(self, *arrays: Any) -> None:
        """Many rows, of arrays."""
        tensors = dict(zip(FIELDS, map(torch.from_numpy, arrays), strict=True))
        self.buffer.extend(TensorDict(tensors, batch_size=len(arrays[0])))

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """One `extend` after the other."""
        for _, rows in self.workload.sampled(transitions).by_environment().chunks():
            tensors = {name: torch.from_numpy(array) for name, array in rows.fields.items()}
            self.buffer.extend(TensorDict(tensors, batch_size=len(rows)))

    def arrays(self, batch: Any) -> dict[str, Array]:
        """Over its tensors."""
        return {name: batch[name].numpy() for name in batch.keys()}  # noqa: SIM118 (iterating over one gives rows)


class Environments(Uniform):
    """One step of many environments is many rows."""

    add = Uniform.extend


class Prioritized(Uniform):
    """Draws by priority, independently, from float32 trees."""

    def __init__(self, workload: Workload) -> None:
        if SumSegmentTreeFp32 is None:
            raise Unavailable(f"torchrl's compiled trees do not load with torch {torch.__version__}")
        self.hold(workload, PrioritizedSampler)

    def hold(self, workload: Workload, sampler: Any) -> None:
        """Makes the buffer with a sampler of this class."""
        super().__init__(workload, sampler(workload.size, alpha=ALPHA, beta=BETA, eps=EPS))
        self.sample = self.sample_by_priority

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """All rows, then all priorities."""
        super().fill(transitions, priorities)
        assert priorities is not None
        self.buffer.update_priority(torch.arange(len(priorities)), torch.from_numpy(priorities))

    def sample_by_priority(self, batch_size: int) -> Any:
        """The batch, with its weights and indices in a dict."""
        return self.buffer.sample(batch_size, return_info=True)

    def update(self, batch: Any, priorities: Any) -> None:
        """Of an array or a tensor."""
        self.buffer.update_priority(batch[1]["index"], torch.as_tensor(priorities))

    def arrays(self, batch: Any) -> dict[str, Array]:
        """Weights included."""
        rows, info = batch
        return {**super().arrays(rows), "weights": torch.as_tensor(info["priority_weight"]).numpy()}


class PrioritizedByOurs(Prioritized):
    """The same buffer and storage, with our sampler."""

    def __init__(self, workload: Workload) -> None:
        from dqn_fast.dropin.torchrl import PrioritizedSampler as OurSampler

        self.hold(workload, OurSampler)
