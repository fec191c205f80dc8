"""torchrl, whose weights are divided by the largest possible in the buffer. Its batches are tensors.

The plain `ReplayBuffer` is used because `TensorDictPrioritizedReplayBuffer`, which wraps it, is slower.
n-step transitions are given ready-made, as torchrl's `MultiStepTransform` makes them before they are added.
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
    """Keeps a tensor per field."""

    def __init__(self, workload: Workload, sampler: Any = None) -> None:
        self.workload = workload
        self.buffer = ReplayBuffer(
            storage=LazyTensorStorage(workload.size), sampler=RandomSampler() if sampler is None else sampler
        )
        self.sample: Any = self.buffer.sample

    def add(self, *step: Any) -> None:
        """Add one row of Python numbers and arrays."""
        obs, action, reward, next_obs, terminated, truncated = step
        obs, next_obs = torch.from_numpy(obs), torch.from_numpy(next_obs)
        values = (obs, action, reward, next_obs, terminated, truncated)
        self.buffer.add(TensorDict(dict(zip(FIELDS, values, strict=True))))

    def extend(self, *arrays: Any) -> None:
        """Add many rows, given as arrays."""
        tensors = dict(zip(FIELDS, map(torch.from_numpy, arrays), strict=True))
        self.buffer.extend(TensorDict(tensors, batch_size=len(arrays[0])))

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """Call `extend` part by part."""
        for _, rows in self.workload.sampled(transitions).by_environment().chunks():
            tensors = {name: torch.from_numpy(array) for name, array in rows.fields.items()}
            self.buffer.extend(TensorDict(tensors, batch_size=len(rows)))

    def arrays(self, batch: Any) -> dict[str, Array]:
        """Return arrays over torchrl's tensors."""
        return {name: batch[name].numpy() for name in batch.keys()}  # noqa: SIM118 (iterating over one gives rows)


class Environments(Uniform):
    """Adds one step of many environments as many rows."""

    add = Uniform.extend


class Prioritized(Uniform):
    """Draws by priority from float32 trees, each row independently."""

    def __init__(self, workload: Workload) -> None:
        if SumSegmentTreeFp32 is None:
            raise Unavailable(
                f"torch: got {torch.__version__}, expected a version that torchrl's trees load with"
            )
        self.hold(workload, PrioritizedSampler)

    def hold(self, workload: Workload, sampler: Any) -> None:
        """Make the buffer with a sampler of this class."""
        super().__init__(workload, sampler(workload.size, alpha=ALPHA, beta=BETA, eps=EPS))
        self.sample = self.sample_by_priority

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """Store all rows, then all priorities."""
        super().fill(transitions, priorities)
        assert priorities is not None
        self.buffer.update_priority(torch.arange(len(priorities)), torch.from_numpy(priorities))

    def sample_by_priority(self, batch_size: int) -> Any:
        """Return a batch, and its weights and indices in a dict."""
        return self.buffer.sample(batch_size, return_info=True)

    def update(self, batch: Any, priorities: Any) -> None:
        """Take an array or a tensor."""
        self.buffer.update_priority(batch[1]["index"], torch.as_tensor(priorities))

    def arrays(self, batch: Any) -> dict[str, Array]:
        """Return the fields and the weights."""
        rows, info = batch
        return {**super().arrays(rows), "weights": torch.as_tensor(info["priority_weight"]).numpy()}


class PrioritizedByOurs(Prioritized):
    """The same buffer and storage, with our sampler."""

    def __init__(self, workload: Workload) -> None:
        from dqn_fast.dropin.torchrl import PrioritizedSampler as OurSampler

        self.hold(workload, OurSampler)
