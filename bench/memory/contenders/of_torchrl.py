"""torchrl, whose weights are divided by the largest possible in the buffer. Its batches are tensors.

The plain `ReplayBuffer` is used because `TensorDictPrioritizedReplayBuffer`, which wraps it, is slower.
n-step transitions are given ready-made, as torchrl's `MultiStepTransform` makes them before they are added.

Sequences are drawn in two ways: by its newest, the unit `Sequence`, and by `SliceSampler`. The latter keeps
where episodes end from one sample to the next (`cache_values`); after every `add` it must find that anew.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from rivals import ALPHA, BETA, EPS, Memory, Unavailable
from tensordict import TensorDict
from torchrl.data import LazyTensorStorage, ReplayBuffer, Sequence
from torchrl.data.replay_buffers import (
    PrioritizedSampler,
    PrioritizedSliceSampler,
    RandomSampler,
    SliceSampler,
)
from torchrl.data.replay_buffers.samplers.prioritized import SumSegmentTreeFp32
from transitions import FIELDS, Array, Transitions
from workloads import Workload

SLICES: dict[str, Any] = {"end_key": "done", "cache_values": True, "truncated_key": None, "init_key": None}


def expect_trees() -> None:
    """Raise Unavailable if torchrl's compiled trees do not load."""
    if SumSegmentTreeFp32 is None:
        raise Unavailable(
            f"torch: got {torch.__version__}, expected a version that torchrl's trees load with"
        )


class Uniform(Memory):
    """Keeps a tensor per field."""

    def __init__(self, workload: Workload, sampler: Any = None, **options: Any) -> None:
        self.workload = workload
        self.buffer = ReplayBuffer(
            storage=LazyTensorStorage(workload.size),
            sampler=RandomSampler() if sampler is None else sampler,
            **options,
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
        expect_trees()
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


class _Runs(Uniform):
    """Stores with each step whether an episode ends with it, and returns steps on one axis."""

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """Call `extend` part by part, then set all priorities."""
        for _, rows in transitions.chunks():
            columns = {**rows.fields, "done": rows.terminated | rows.truncated}
            tensors = {name: torch.from_numpy(array) for name, array in columns.items()}
            self.buffer.extend(TensorDict(tensors, batch_size=len(rows)))
        if priorities is not None:
            self.buffer.update_priority(torch.arange(len(priorities)), torch.from_numpy(priorities))

    def arrays(self, batch: Any) -> dict[str, Array]:
        """Return the valid steps, one run behind another."""
        steps, info = batch
        rows = super().arrays(steps)
        done, count = rows.pop("done"), len(steps)
        lengths = self.lengths(info, done, count)
        offsets = np.append(0, np.cumsum(lengths))
        valid = info["validity_mask"].numpy() if "validity_mask" in info else np.ones(count, np.bool_)
        result = {name: array[valid] for name, array in rows.items()} | {"offsets": offsets}
        if self.workload.prioritized:
            result |= self.weighed(info, offsets)
        return result

    def lengths(self, info: Any, done: Array, count: int) -> Array:
        """Return the steps of each run."""
        return np.full(count // self.workload.steps, self.workload.steps)

    def weighed(self, info: Any, offsets: Array) -> dict[str, Array]:
        """Return the weight of each run, and the step that was drawn."""
        weights = torch.as_tensor(info["priority_weight"]).numpy()
        return {"weights": weights[:: len(weights) // (len(offsets) - 1)], "drawn": offsets[:-1]}


class Slices(_Runs):
    """Draws slices within episodes, all of them full."""

    def __init__(self, workload: Workload) -> None:
        super().__init__(workload, SliceSampler(slice_len=workload.steps, **SLICES))
        self.sample = self.sample_slices

    def sample_slices(self, batch_size: int) -> Any:
        """Return a batch, and its indices in a dict."""
        return self.buffer.sample(batch_size * self.workload.steps, return_info=True)


class PrioritizedSlices(Slices):
    """Draws the first step of a slice by priority."""

    def __init__(self, workload: Workload) -> None:
        expect_trees()
        _Runs.__init__(
            self,
            workload,
            PrioritizedSliceSampler(workload.size, ALPHA, BETA, EPS, slice_len=workload.steps, **SLICES),
        )
        self.sample = self.sample_slices

    def update(self, batch: Any, priorities: Any) -> None:
        """Set the priority of the first step of each slice."""
        (index,) = batch[1]["index"]
        self.buffer.update_priority(index[:: self.workload.steps], torch.as_tensor(priorities))


class Segments(_Runs):
    """Draws whole episodes, as slices that may be shorter than asked for."""

    def __init__(self, workload: Workload) -> None:
        self.longest = workload.episodes[1]
        super().__init__(workload, SliceSampler(slice_len=self.longest, strict_length=False, **SLICES))
        self.sample = self.sample_slices

    def sample_slices(self, batch_size: int) -> Any:
        """Return a batch, and its indices in a dict."""
        return self.buffer.sample(batch_size * self.longest, return_info=True)

    def lengths(self, info: Any, done: Array, count: int) -> Array:
        """Return the steps of each episode."""
        return np.diff(np.flatnonzero(done), prepend=-1)


class Sequences(_Runs):
    """Draws steps, and expands them to windows whose padding repeats a step and is marked."""

    def __init__(self, workload: Workload, sampler: Any = None) -> None:
        unit = Sequence(workload.length, done_key="done", burn_in=workload.burn_in)
        super().__init__(workload, sampler, sample_unit=unit)
        self.sample = self.sample_windows

    def sample_windows(self, batch_size: int) -> Any:
        """Return a batch, and its masks and indices in a dict."""
        return self.buffer.sample(batch_size, return_info=True)

    def lengths(self, info: Any, done: Array, count: int) -> Array:
        """Return the valid steps of each window."""
        lengths: Array = info["validity_mask"].numpy().reshape(-1, self.workload.steps).sum(axis=1)
        return lengths

    def weighed(self, info: Any, offsets: Array) -> dict[str, Array]:
        """Return the weight of each window, and the step that was drawn."""
        valid = info["validity_mask"].numpy().reshape(-1, self.workload.steps)
        before = valid[:, : self.workload.burn_in].sum(axis=1)
        return {**super().weighed(info, offsets), "drawn": offsets[:-1] + before}


class PrioritizedSequences(Sequences):
    """Draws steps by priority."""

    def __init__(self, workload: Workload) -> None:
        expect_trees()
        super().__init__(workload, PrioritizedSampler(workload.size, alpha=ALPHA, beta=BETA, eps=EPS))

    def update(self, batch: Any, priorities: Any) -> None:
        """Set the priorities of the drawn steps."""
        drawn = batch[1]["anchor_index"][:: self.workload.steps]
        self.buffer.update_priority(drawn, torch.as_tensor(priorities))
