"""Whole segments: packed, padded and in buckets, by number and by a budget of rows."""

from __future__ import annotations

import itertools
import pickle
from collections import Counter
from typing import Any

import numpy as np
import pytest
from replay.support.building import add, walk
from scipy.stats import chisquare

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer


def episodes(*lengths: int, **options: Any) -> Any:
    """A buffer of terminated walks: that of episode e goes 100 e, 100 e + 1, …; the rewards are 1, 2, …"""
    kind = PrioritizedReplayBuffer if "alpha" in options else ReplayBuffer
    buffer = kind(sum(lengths), **{"seed": 0, **options})
    for e, length in enumerate(lengths):
        walk(buffer, [100.0 * e + i for i in range(length + 1)], terminated=True)
    return buffer


def episode_of(batch: Any) -> list[int]:
    return (batch.obs[batch.offsets[:-1]].ravel() // 100).astype(int).tolist()


def test_segments_worked_out_by_hand() -> None:
    buffer = ReplayBuffer(20, seed=0)
    for token in (7.0, 8.0):  # a prompt
        buffer.add_context(np.float32([token]))
    walk(buffer, [9, 10, 11])
    add(buffer, 11, 12, reward=5, truncated=True)
    batch = buffer.sample_segments(1, n_step=1000, gamma=0.5)
    assert batch.offsets.tolist() == [0, 6] and batch.offsets.dtype == np.int32
    assert batch.obs.ravel().tolist() == [7, 8, 9, 10, 11, 12]
    assert batch.acted.tolist() == [False, False, True, True, True, False]
    assert batch.reward.tolist() == [0, 0, 1 + 1 + 1.25, 2 + 2.5, 5, 0]
    assert batch.discount.tolist() == [0, 0, 0.125, 0.25, 0.5, 0]
    assert batch.truncated.tolist() == [False, False, True, True, True, False]
    assert batch.bootstrap.tolist() == [0, 1, 5, 5, 5, 5]
    assert batch.step_indices.tolist() == [-1, -1, 2, 3, 4, -1]
    assert (batch.complete.tolist(), batch.indices.tolist()) == ([True], [2])


def test_a_segment_whose_beginning_is_gone_says_so() -> None:
    buffer = ReplayBuffer(3, seed=0)
    walk(buffer, list(range(8)))
    batch = buffer.sample_segments(2)
    assert batch.complete.tolist() == [False, False]
    assert batch.indices.tolist() == [4, 4]
    assert batch.obs.ravel().tolist() == [4, 5, 6, 7] * 2


@pytest.mark.parametrize("draw_by", ["step", "segment"])
def test_by_step_a_segment_is_as_likely_as_it_is_long(draw_by: str) -> None:
    lengths = (1, 2, 7)
    buffer = episodes(*lengths, draw_by=draw_by)
    drawn = Counter(episode_of(buffer.sample_segments(20_000)))
    shares = np.array(lengths) if draw_by == "step" else np.ones(3)
    assert chisquare([drawn[e] for e in range(3)], shares / shares.sum() * 20_000).pvalue > 1e-4


@pytest.mark.parametrize("draw_by", ["step", "segment"])
def test_a_budget_s_bias_is_what_enumeration_says(draw_by: str) -> None:
    """Draws are independent until the next would not fit: so long segments come less often."""
    lengths, budget = (1, 3, 6), 12
    shares = np.array(lengths, float) if draw_by == "step" else np.ones(3)
    shares /= shares.sum()
    expected: Counter[tuple[int, ...]] = Counter()
    for draws in itertools.product(range(3), repeat=8):  # two rows at least, so no batch has more than six
        rows, kept = 0, []
        for e in draws:
            if kept and rows + lengths[e] + 1 > budget:
                break
            rows += lengths[e] + 1
            kept.append(e)
            if rows >= budget:
                break
        expected[tuple(kept)] += float(np.prod(shares[list(draws)]))
    buffer = episodes(*lengths, draw_by=draw_by, seed=1)
    count = 6_000
    found = Counter(tuple(episode_of(buffer.sample_segments(max_rows=budget))) for _ in range(count))
    assert found.keys() <= expected.keys()
    common = [batch for batch, p in expected.items() if p * count > 8]
    rest = count - sum(found[batch] for batch in common)
    observed = [*(found[batch] for batch in common), rest]
    chances = [*(expected[batch] for batch in common), 1 - sum(expected[batch] for batch in common)]
    assert chisquare(observed, np.array(chances) * count).pvalue > 1e-4


def test_budgets_exact_fits_and_a_first_one_that_is_too_long() -> None:
    buffer = episodes(9)  # ten rows
    for budget, count in ((1, 1), (10, 1), (19, 1), (20, 2), (29, 2), (30, 3)):
        assert len(buffer.sample_segments(max_rows=budget).indices) == count
    assert len(buffer.sample_segments(2, max_rows=1_000).indices) == 2


def test_weights_of_segments_by_step_are_those_of_their_mean() -> None:
    buffer = episodes(2, 2, alpha=1.0, priority_eps=0.0, weight_normalization="none", beta=1.0)
    buffer.update_priorities(buffer.indices(), np.array([1.0, 3.0, 4.0, 12.0]))
    batch = buffer.sample_segments(500)
    weights = dict(zip(episode_of(batch), batch.weights.tolist(), strict=True))
    assert weights == pytest.approx({0: 20 / 4 / 2, 1: 20 / 4 / 8})


def test_by_segment_a_later_step_s_priority_updates_the_segment_and_growth_leaves_it() -> None:
    buffer = PrioritizedReplayBuffer(9, alpha=1.0, priority_eps=0.0, draw_by="segment", seed=0)
    add(buffer, 0, 1, priority=2.0)
    add(buffer, 1, 2)
    assert buffer.masses(buffer.indices()).tolist() == [2, 2]
    add(buffer, 2, 3, priority=5.0)
    assert buffer.masses(buffer.indices()).tolist() == [5, 5, 5]
    add(buffer, 8, 9)  # another segment gets the largest so far
    assert buffer.masses(buffer.indices()).tolist() == [5] * 4
    assert buffer.stats()["effective_size"] == pytest.approx(2)
    with pytest.raises(TypeError, match="replacement: got False"):
        buffer.sample(2, replacement=False)


def test_draws_by_segment_are_saved() -> None:
    buffer = episodes(1, 5, alpha=0.7, draw_by="segment")
    buffer.update_priorities(buffer.indices()[:1], np.array([3.0]))
    copy = pickle.loads(pickle.dumps(buffer))
    assert copy.is_valid()
    assert copy.sample(50).indices.tolist() == buffer.sample(50).indices.tolist()
    walk(copy, [900, 901])
    assert copy.is_valid()


def test_buckets_waste_less_than_one_padded_batch() -> None:
    rng = np.random.default_rng(0)
    buffer = episodes(*rng.integers(1, 60, 40).tolist())
    batch = buffer.sample_segments(64)
    rows = int(np.diff(batch.offsets).sum()) - 64
    buckets = batch.buckets(8)
    assert [len(bucket.indices) for bucket in buckets] == [8] * 8
    assert sorted(np.concatenate([bucket.indices for bucket in buckets]).tolist()) == sorted(
        batch.indices.tolist()
    )
    widths = [bucket.mask.shape[1] for bucket in buckets]
    assert widths == sorted(widths)
    assert rows <= sum(bucket.mask.size for bucket in buckets) < batch.padded().mask.size
    for k in (0, 65, 1.5):
        with pytest.raises((ValueError, TypeError), match=f"k: got {k}"):
            batch.buckets(k)


def test_offsets_are_what_nested_tensors_and_attention_take() -> None:
    torch = pytest.importorskip("torch")
    buffer = episodes(2, 5)
    batch = buffer.sample_segments(6).torch()
    assert batch.offsets.dtype == torch.int32
    nested = torch.nested.nested_tensor_from_jagged(batch.obs, batch.offsets.to(torch.int64))
    parts = nested.unbind()
    bounds = batch.offsets.tolist()
    assert all(
        torch.equal(part, batch.obs[a:b])
        for part, (a, b) in zip(parts, itertools.pairwise(bounds), strict=True)
    )
    padded = batch.padded()
    assert isinstance(padded.obs, torch.Tensor)
    for row, part in zip(padded.obs, parts, strict=True):
        assert torch.equal(row[: len(part)], part)


@pytest.mark.parametrize(("prioritised", "most"), [(False, 16.5), (True, 26.5)])
def test_a_stored_token_takes_few_bytes(prioritised: bool, most: float) -> None:
    kind = PrioritizedReplayBuffer if prioritised else ReplayBuffer
    for by in ("step", "segment"):
        buffer = kind(1_000_000, draw_by=by, reserve=0.0, seed=0)
        buffer.add(np.int32(5), np.int32(5), 0.0, np.int32(5), False)
        extra = 0.25 if by == "segment" else 0.0  # a second set of bits
        assert buffer.nbytes / 1_000_000 <= most + extra
