"""The batch: shapes, dtypes, reuse, and its way to PyTorch."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from dqn_fast import Batch, PrioritizedReplayBuffer, ReplayBuffer

FIELDS = ("obs", "action", "reward", "next_obs", "terminated", "truncated", "discount", "weights", "indices")


def buffer_of(observations: np.ndarray, **options: Any) -> Any:
    buffer = PrioritizedReplayBuffer(16, extra_fields={"log_prob": ((2,), "float64")}, seed=0, **options)
    for obs in observations:
        buffer.add(obs, np.zeros(3, np.int32), 1.0, obs + obs.dtype.type(1), False, log_prob=np.zeros(2))
    return buffer


@pytest.mark.parametrize("shape", [(), (1,), (4,), (2, 3), (3, 20, 20)])
@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8", "int64"])
def test_every_field_has_its_shape_and_dtype(shape: tuple[int, ...], dtype: str) -> None:
    batch = buffer_of(np.ones((5, *shape), dtype)).sample(7)
    assert isinstance(batch, Batch)
    expected = {
        "obs": ((7, *shape), dtype),
        "next_obs": ((7, *shape), dtype),
        "action": ((7, 3), "int32"),
        "reward": ((7,), "float32"),
        "discount": ((7,), "float32"),
        "terminated": ((7,), "bool"),
        "truncated": ((7,), "bool"),
        "weights": ((7,), "float32"),
        "indices": ((7,), "int64"),
    }
    assert {name: (getattr(batch, name).shape, getattr(batch, name).dtype.name) for name in FIELDS} == {
        name: (shape, np.dtype(kind).name) for name, (shape, kind) in expected.items()
    }
    assert {name: (v.shape, v.dtype.name) for name, v in batch.extra.items()} == {
        "log_prob": ((7, 2), "float64")
    }


def test_out_is_filled_and_given_back() -> None:
    one, other = (buffer_of(np.arange(16.0, dtype=np.float32)) for _ in range(2))
    out = one.empty_batch(8)
    arrays = {name: getattr(out, name) for name in FIELDS}
    for _ in range(3):
        assert one.sample(8, out=out) is out
        fresh = other.sample(8)
        for name in FIELDS:
            assert getattr(out, name) is arrays[name]
            np.testing.assert_array_equal(getattr(out, name), getattr(fresh, name))


def test_rows_are_a_batch_over_the_same_memory() -> None:
    one, other = (buffer_of(np.arange(16.0, dtype=np.float32)) for _ in range(2))
    whole = one.empty_batch(12)
    first, second = whole.rows(0, 8), whole.rows(8, 12)
    assert first.nbytes + second.nbytes == whole.nbytes == sum(array.nbytes for array in whole._arrays)
    assert one.sample(8, out=first) is first
    assert one.sample(4, out=second) is second
    fresh = [other.sample(8), other.sample(4)]
    for name in FIELDS:
        expected = np.concatenate([getattr(batch, name) for batch in fresh])
        np.testing.assert_array_equal(getattr(whole, name), expected)
    assert first.extra["log_prob"].base is not None and len(whole.rows(9, 99).extra["log_prob"]) == 3


@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, lambda batch: pickle.loads(pickle.dumps(batch))])
@pytest.mark.parametrize("extra", [{}, {"log_prob": 0.5}])
def test_a_batch_is_copied_and_pickled_as_a_whole(clone: Any, extra: dict[str, float]) -> None:
    buffer = ReplayBuffer(8, extra_fields=dict.fromkeys(extra, ((), "float64")), seed=0)
    buffer.add({"x": np.zeros(2)}, 1, 1.0, {"x": np.ones(2)}, False, **extra)
    batch = clone(buffer.sample(3))
    assert batch._layout.is_like(buffer.empty_batch(1)._layout)
    assert batch.discount.tolist() == [np.float32(0.99)] * 3
    assert batch.next_obs["x"].tolist() == [[1, 1]] * 3
    assert {name: list(rows) for name, rows in batch.extra.items()} == {k: [v] * 3 for k, v in extra.items()}


def test_an_empty_batch_has_the_buffer_s_shapes() -> None:
    buffer = buffer_of(np.zeros((3, 2, 2), np.uint8))
    empty, batch = buffer.empty_batch(5), buffer.sample(5)
    for name in FIELDS:
        one, other = getattr(empty, name), getattr(batch, name)
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
    assert empty.extra.keys() == batch.extra.keys()


def test_a_batch_becomes_tensors() -> None:
    torch = pytest.importorskip("torch")
    batch = buffer_of(np.arange(16.0, dtype=np.float32)).sample(8)
    tensors = batch.torch()
    for name in FIELDS:
        assert isinstance(getattr(tensors, name), torch.Tensor)
        np.testing.assert_array_equal(getattr(tensors, name).numpy(), getattr(batch, name))
    assert isinstance(tensors.extra["log_prob"], torch.Tensor)
    assert isinstance(batch.torch("cpu").obs, torch.Tensor)


def test_an_empty_batch_of_tensors_can_be_filled() -> None:
    torch = pytest.importorskip("torch")
    one, other = (buffer_of(np.arange(16.0, dtype=np.float32)) for _ in range(2))
    out = one.empty_batch(8, torch=True)
    assert one.sample(8, out=out) is out
    fresh = other.sample(8)
    for name in FIELDS:
        assert isinstance(getattr(out, name), torch.Tensor)
        np.testing.assert_array_equal(getattr(out, name).numpy(), getattr(fresh, name))


def test_tensors_are_taken_like_arrays() -> None:
    torch = pytest.importorskip("torch")
    buffer = ReplayBuffer(4, seed=0)
    buffer.add(torch.zeros(2), torch.tensor(3), torch.tensor(1.5), torch.ones(2), torch.tensor(False))
    batch = buffer.sample(1)
    assert (batch.next_obs.tolist(), batch.action.tolist(), batch.reward.tolist()) == ([[1, 1]], [3], [1.5])
