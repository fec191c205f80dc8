"""Segments padded to one length, or to one for each bucket: nothing of them is lost or mixed up."""

from __future__ import annotations

from itertools import pairwise

import pytest
from replay.support.building import episodes

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer


def test_a_batch_has_as_many_buckets_as_segments_at_most() -> None:
    buffer = ReplayBuffer(20, seed=0)
    episodes(buffer, [1, 3, 2])
    batch = buffer.sample_segments(4)
    assert sorted(int(bucket.mask.sum()) for bucket in batch.buckets(4)) == sorted(
        int(end - begin) - 1 for begin, end in pairwise(batch.offsets)
    )
    assert len(batch.buckets(1)) == 1
    for k in (0, 5):
        with pytest.raises(ValueError, match=f"k: got {k}, expected"):
            batch.buckets(k)


def test_buckets_keep_the_weights_and_the_names_of_their_segments() -> None:
    buffer = PrioritizedReplayBuffer(40, alpha=1.0, priority_eps=0.0, draw_by="segment", seed=12345)
    held = episodes(buffer, [5, 1, 3])
    buffer.update_priorities([steps[0] for steps in held], [1.0, 4.0, 2.0])
    batch = buffer.sample_segments(30, beta=1.0)
    assert len(set(batch.weights.tolist())) == 3
    weights = dict(zip(batch.indices.tolist(), batch.weights.tolist(), strict=True))
    for bucket in (*batch.buckets(4), batch.padded()):
        assert bucket.weights.tolist() == [weights[index] for index in bucket.indices.tolist()]
        assert bucket.step_indices[:, 0].tolist() == bucket.indices.tolist()


def test_segments_as_tensors_are_padded_as_tensors() -> None:
    torch = pytest.importorskip("torch")
    buffer = ReplayBuffer(20, seed=0)
    episodes(buffer, [1, 3, 2])
    batch = buffer.sample_segments(4)
    tensors = batch.torch()
    for wide, expected in ((tensors.padded(), batch.padded()), (tensors.buckets(2)[1], batch.buckets(2)[1])):
        for name in ("obs", "reward", "bootstrap", "mask", "weights", "step_indices"):
            assert isinstance(getattr(wide, name), torch.Tensor)
            assert getattr(wide, name).numpy().tolist() == getattr(expected, name).tolist()
