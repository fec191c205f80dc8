"""Torch tensors come in like arrays, read where they lie, and go out over the batch's own memory."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest

from dqn_fast import PrioritizedReplayBuffer

torch = pytest.importorskip("torch")


def filled(capacity: int = 64) -> PrioritizedReplayBuffer:
    buffer = PrioritizedReplayBuffer(capacity, alpha=1.0, priority_eps=0.0, seed=0)
    obs = np.arange(2.0 * capacity + 2, dtype=np.float32).reshape(-1, 2)
    buffer.extend(
        obs[:-1], np.arange(capacity), np.arange(capacity, dtype=np.float32), obs[1:], [False] * capacity
    )
    return buffer


def priorities_of(buffer: PrioritizedReplayBuffer) -> list[float]:
    masses: list[float] = buffer.masses(buffer.indices()).tolist()
    return masses


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8", "int16", "int64", "bool"])
@pytest.mark.parametrize("strided", [False, True])
def test_steps_of_tensors_are_those_of_arrays(dtype: str, strided: bool) -> None:
    values = (np.random.default_rng(0).integers(0, 2, (9, 3, 4)) * 1).astype(dtype)
    ours, theirs = PrioritizedReplayBuffer(8, seed=0), PrioritizedReplayBuffer(8, seed=0)
    for t in range(8):
        obs, next_obs = values[t], values[t + 1]
        ours.add(obs, t, float(t), next_obs, t == 5)
        tensors = [torch.from_numpy(array.copy()) for array in (obs, next_obs)]
        if strided:  # every second column of a wider tensor
            tensors = [torch.stack([tensor, tensor], dim=-1)[..., 0] for tensor in tensors]
            assert not tensors[0].is_contiguous()
        theirs.add(tensors[0], torch.tensor(t), torch.tensor(float(t)), tensors[1], torch.tensor(t == 5))
    for name in ("obs", "action", "reward", "next_obs", "terminated"):
        ours_all, theirs_all = (getattr(b.transitions(), name) for b in (ours, theirs))
        assert ours_all.dtype == theirs_all.dtype
        np.testing.assert_array_equal(ours_all, theirs_all)
    assert ours.stats()["segments"] == theirs.stats()["segments"] == 2


@pytest.mark.parametrize(
    "make",
    [
        lambda p: torch.from_numpy(p),
        lambda p: torch.from_numpy(p.astype(np.float32)),
        lambda p: torch.from_numpy(p).requires_grad_(),
        lambda p: torch.nn.Parameter(torch.from_numpy(p)),
        lambda p: torch.from_numpy(np.repeat(p, 2))[::2],
        lambda p: torch.from_numpy(p.astype(np.int64)),
        lambda p: torch.from_numpy(p.astype(np.float16)),
    ],
    ids=["float64", "float32", "with gradient", "parameter", "strided", "int64", "float16"],
)
def test_priorities_may_be_tensors(make: Any) -> None:
    new = np.arange(1.0, 65.0)
    buffer = filled()
    indices = torch.from_numpy(buffer.transitions().indices)
    assert buffer.update_priorities(indices, make(new)) == 0
    assert priorities_of(buffer) == new.tolist()


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.complex(torch.zeros(64), -torch.ones(64)).conj().imag,  # negated when it is read
        lambda: torch.ones(64, device="meta"),
        lambda: torch.ones(64).to_sparse(),
        lambda: torch.ones(64, dtype=torch.complex64),
        lambda: torch._efficientzerotensor(64),
    ],
    ids=["lazily negated", "meta", "sparse", "complex", "zeros without memory"],
)
def test_tensors_that_are_no_plain_array_are_refused_and_change_nothing(make: Any) -> None:
    buffer = filled()
    before = priorities_of(buffer)
    with pytest.raises(TypeError, match="priorities: got"):
        buffer.update_priorities(torch.from_numpy(buffer.transitions().indices), make())
    assert priorities_of(buffer) == before


def test_tensors_of_a_batch_outlive_buffer_and_batch() -> None:
    buffer = filled()
    tensors = buffer.sample(32, out=buffer.empty_batch(32, torch=True))
    kept, expected = tensors.obs, tensors.obs.clone()
    del buffer, tensors
    gc.collect()
    clutter = [torch.full_like(kept, -1.0) for _ in range(100)]
    assert torch.equal(kept, expected) and len(clutter) == 100


def test_filling_a_batch_again_allocates_no_array() -> None:
    buffer = filled()
    batch = buffer.empty_batch(32, torch=True)
    where = [batch.obs.data_ptr(), batch.next_obs.data_ptr(), batch.weights.data_ptr()]
    first = buffer.sample(32, out=batch).indices.clone()
    assert not torch.equal(buffer.sample(32, out=batch).indices, first)
    assert [batch.obs.data_ptr(), batch.next_obs.data_ptr(), batch.weights.data_ptr()] == where
