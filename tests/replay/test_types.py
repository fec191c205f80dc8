"""What type checkers see of buffers and batches: `mypy` reads this file, and the tests run it."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_origin

import numpy as np
import numpy.typing as npt
import pytest

from dqn_fast import (
    Batch,
    FrameBatch,
    PrioritizedReplayBuffer,
    PriorityIndex,
    ReplayBuffer,
    SegmentBatch,
    SequenceBatch,
)

if TYPE_CHECKING:
    import torch
    from typing_extensions import assert_type
else:
    torch = pytest.importorskip("torch")

    def assert_type(value: Any, kind: Any) -> None:
        assert isinstance(value, get_origin(kind) or kind)


Array = npt.NDArray[Any]


def buffer_of_arrays() -> ReplayBuffer:
    buffer = ReplayBuffer(10, seed=0)
    buffer.extend(np.eye(4), np.arange(4), np.ones(4), np.eye(4) + 1, np.ones(4, bool))
    return buffer


def buffer_of_dicts() -> ReplayBuffer:
    buffer = ReplayBuffer(10, seed=0)
    buffer.add({"image": np.zeros((3, 3), np.uint8)}, 1, 1.0, {"image": np.ones((3, 3), np.uint8)}, True)
    return buffer


def test_batches_of_arrays() -> None:
    buffer = buffer_of_arrays()
    batch = buffer.sample(3)
    assert_type(batch, Batch[Array])
    assert_type(batch.obs, Array)
    assert_type(batch.next_obs, Array)
    assert_type(batch.discount, Array)
    assert_type(batch.extra, dict[str, Array])
    assert_type(len(batch), int)
    assert_type(batch.rows(0, 2), Batch[Array])
    assert_type(buffer.transitions(), Batch[Array])
    frames = buffer.sample(3, frames=True)
    assert_type(frames, FrameBatch[Array])
    assert_type(frames.frames, Array)
    assert_type(frames.next_obs, Array)
    assert_type(buffer.sample(3, frames=True, out=frames), FrameBatch[Array])
    assert_type(buffer.empty_batch(3, frames=True), FrameBatch[Any])
    rows = buffer.sample_sequences(3, 2, previous=True)
    assert_type(rows, SequenceBatch[Array])
    assert_type(rows.obs, Array)
    assert rows.previous_action is not None
    assert_type(rows.previous_action, Array)
    segments = buffer.sample_segments(2)
    assert_type(segments, SegmentBatch[Array])
    assert_type(segments.offsets, Array)
    assert_type(segments.padded(), SequenceBatch[Array])
    assert_type(segments.buckets(2)[0].mask, Array)


def test_batches_of_tensors() -> None:
    buffer = buffer_of_arrays()
    batch = buffer.sample(3).torch()
    assert_type(batch, Batch[torch.Tensor])
    assert_type(batch.obs, torch.Tensor)
    assert_type(batch.extra, dict[str, torch.Tensor])
    assert_type(buffer.sample(3, frames=True).torch(), FrameBatch[torch.Tensor])
    assert_type(buffer.sample(3, frames=True).torch().obs, torch.Tensor)
    assert_type(buffer.sample_sequences(3, 2).torch().learn, torch.Tensor)
    segments = buffer.sample_segments(2).torch("cpu")
    assert_type(segments, SegmentBatch[torch.Tensor])
    assert_type(segments.padded(), SequenceBatch[torch.Tensor])
    assert_type(segments.buckets(2)[0].obs, torch.Tensor)


def test_batches_to_fill() -> None:
    buffer = buffer_of_arrays()
    tensors, arrays = buffer.empty_batch(3, torch=True), buffer.empty_batch(3)
    assert_type(tensors, Batch[torch.Tensor])
    assert_type(arrays, Batch[Array])
    assert_type(buffer.sample(3, out=tensors), Batch[torch.Tensor])
    assert_type(buffer.sample(3, out=arrays).obs, Array)
    rows = buffer.empty_sequences(3, 2, torch=True)
    assert_type(rows, SequenceBatch[torch.Tensor])
    assert_type(buffer.sample_sequences(3, 2, out=rows).obs, torch.Tensor)
    assert_type(buffer.sample_sequences(3, 2, out=buffer.empty_sequences(3, 2)).obs, Array)


def test_dict_observations_are_what_a_variable_is_declared_to_be() -> None:
    buffer = buffer_of_dicts()
    batch: Batch[Array, dict[str, Array]] = buffer.sample(3)
    assert_type(batch.obs["image"], Array)
    assert_type(batch.reward, Array)
    tensors: Batch[torch.Tensor, dict[str, torch.Tensor]] = buffer.sample(3).torch()
    assert_type(tensors.next_obs["image"], torch.Tensor)
    rows: SequenceBatch[Array, dict[str, Array]] = buffer.sample_sequences(3, 2)
    assert_type(rows.obs, dict[str, Array])


def test_a_forgotten_torch_is_an_error_of_types() -> None:
    def learn(batch: Batch[torch.Tensor]) -> bool:
        return isinstance(batch.reward, torch.Tensor)

    batch = buffer_of_arrays().sample(3)
    assert learn(batch.torch()) and not learn(batch)  # type: ignore[arg-type]
    assert not learn(buffer_of_arrays().sample(3))  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        batch.observation  # type: ignore[attr-defined]  # noqa: B018


def bare(batch: Batch) -> Array:
    """Without parameters a batch is one of arrays."""
    return batch.obs


def test_a_batch_without_parameters_is_one_of_arrays() -> None:
    assert_type(bare(buffer_of_arrays().sample(3)), Array)


@pytest.mark.parametrize("kind", [Batch, SequenceBatch, SegmentBatch])
def test_parameters_may_be_given_at_run_time(kind: Any) -> None:
    assert kind[int].__origin__ is kind and kind[int, dict[str, int]].__args__ == (int, dict[str, int])
    assert pickle.loads(pickle.dumps(kind[int])) == kind[int] == copy.deepcopy(kind[int])


def test_load_is_typed_as_the_class(tmp_path: Path) -> None:
    uniform, index = buffer_of_arrays(), PriorityIndex(3)
    uniform.save(tmp_path / "uniform")
    PrioritizedReplayBuffer(3).save(tmp_path / "prioritized")
    index.save(tmp_path / "index")
    assert_type(ReplayBuffer.load(tmp_path / "uniform"), ReplayBuffer)
    assert_type(PrioritizedReplayBuffer.load(tmp_path / "prioritized"), PrioritizedReplayBuffer)
    assert_type(PriorityIndex.load(tmp_path / "index", seed=3), PriorityIndex)
    assert type(ReplayBuffer.load(tmp_path / "prioritized")) is PrioritizedReplayBuffer


@pytest.mark.parametrize(
    ("saved", "loads"),
    [
        (ReplayBuffer, PrioritizedReplayBuffer),
        (ReplayBuffer, PriorityIndex),
        (PriorityIndex, ReplayBuffer),
    ],
)
def test_one_class_does_not_load_another_s_file(saved: Any, loads: Any, tmp_path: Path) -> None:
    path = tmp_path / "saved"
    saved(3).save(path)
    expected = f"saved: saved buffer: got a {saved.__name__}, expected a {loads.__name__}"
    with pytest.raises(ValueError, match=expected):
        loads.load(path)
