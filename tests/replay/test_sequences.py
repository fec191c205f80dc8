"""Sequences: rows worked out by hand, what they never cross, and how often each step is drawn."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from replay.support.building import add, walk
from scipy.stats import chisquare

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer


def episodes(*lengths: int, **options: Any) -> Any:
    """A buffer of terminated walks: that of episode e goes 100 e, 100 e + 1, …; the rewards are 1, 2, …"""
    buffer = ReplayBuffer(sum(lengths), **{"seed": 0, **options})
    for e, length in enumerate(lengths):
        walk(buffer, [100.0 * e + i for i in range(length + 1)], terminated=True)
    return buffer


def row_of(buffer: Any, obs: float, *sizes: int, **options: Any) -> dict[str, Any]:
    """The row in which the step of this observation was drawn, as lists."""
    wanted = next(i for i in buffer.indices() if buffer.transitions([i]).obs.item() == obs)
    batch = buffer.sample_sequences(400, *sizes, **options)
    b = batch.indices.tolist().index(wanted)
    return {name: getattr(batch, name)[b].tolist() for name in batch._layout.parts if name != "extra"}


def test_a_row_of_a_short_episode_worked_out_by_hand() -> None:
    row = row_of(episodes(3, 2), 1, 3, burn_in=2, n_step=2, gamma=0.5, previous=True)
    assert np.ravel(row["obs"]).tolist() == [0, 1, 2, 3, 0, 0, 0]  # one of burn-in; the last is the final one
    assert row["mask"] == row["acted"] == [True, True, True, False, False]
    assert row["learn"] == [False, True, True, False, False]
    assert row["reward"] == [1 + 0.5 * 2, 2 + 0.5 * 3, 3, 0, 0]
    assert row["discount"] == [0.25, 0, 0, 0, 0]
    assert row["terminated"] == [False, True, True, False, False]
    assert row["bootstrap"] == [2, 3, 3, 0, 0]
    assert row["is_first"] is True
    assert row["step_indices"] == [0, 1, 2, -1, -1]
    assert row["previous_reward"] == [0, 1, 2, 3, 0, 0, 0]


def test_a_row_inside_a_long_episode_is_full_and_bootstraps_behind_its_end() -> None:
    row = row_of(episodes(20), 10, 2, burn_in=3, n_step=3, gamma=1.0)
    assert np.ravel(row["obs"]).tolist() == list(range(7, 15))
    assert row["learn"] == [False] * 3 + [True] * 2
    assert row["bootstrap"] == [3, 4, 5, 6, 7]
    assert row["reward"] == [8 + 9 + 10, 9 + 10 + 11, 10 + 11 + 12, 11 + 12 + 13, 12 + 13 + 14]
    assert row["is_first"] is False


def test_an_open_episode_bootstraps_from_what_is_recorded() -> None:
    buffer = ReplayBuffer(9, seed=0)
    walk(buffer, [0, 1, 2])
    row = row_of(buffer, 0, 4, n_step=3, gamma=0.5)
    assert np.ravel(row["obs"])[:3].tolist() == [0, 1, 2]
    assert (row["bootstrap"][:2], row["discount"][:2]) == ([2, 2], [0.25, 0.5])


def test_long_context_inside_a_segment_leaves_a_step_without_a_column_to_bootstrap_from() -> None:
    buffer = ReplayBuffer(30, seed=0)
    walk(buffer, [0, 1])
    buffer.extend_context(np.arange(2, 12, dtype=np.float32)[:, None], continues=True)
    add(buffer, 11, 12)
    row = row_of(buffer, 0, 3)
    assert (row["acted"], row["learn"]) == ([True, False, False], [False] * 3)
    assert (row["reward"], row["discount"], row["bootstrap"]) == ([0] * 3, [0] * 3, [0, 1, 2])
    assert row_of(buffer, 0, 13)["learn"] == [True] + [False] * 10 + [True, False]


def test_after_eviction_a_row_is_not_first_and_does_not_know_what_was_done_before() -> None:
    buffer = ReplayBuffer(3, seed=0)
    walk(buffer, [0, 1, 2, 3, 4])
    row = row_of(buffer, 1, 2, burn_in=5, previous=True)
    assert row["is_first"] is False
    assert np.ravel(row["obs"])[:3].tolist() == [1, 2, 3]
    assert row["previous_reward"][:2] == [0, 2]


def test_no_row_crosses_the_end_of_a_segment_and_every_step_can_be_drawn_the_last_ones_too() -> None:
    buffer = episodes(1, 2, 7, 3, 30)  # torchrl lost last steps and crossed ends (#1762, #1969, #2208)
    batch = buffer.sample_sequences(4_000, 5, burn_in=4)
    assert set(batch.indices.tolist()) == set(buffer.indices().tolist())
    for b in range(len(batch.indices)):
        shown = batch.obs[b, : int(batch.bootstrap[b].max()) + 1].ravel()
        assert len(set((shown // 100).tolist())) == 1
        assert (np.diff(shown) == 1).all()
    learnt = Counter(batch.step_indices[batch.learn].tolist())
    assert learnt.keys() == set(buffer.indices().tolist())


def test_early_steps_are_learnt_from_less_often_as_the_docstring_says() -> None:
    buffer = episodes(6, seed=3)
    batch = buffer.sample_sequences(6_000, 3)
    learnt = Counter(batch.step_indices[batch.learn].tolist())
    expected = [min(p + 1, 3) for p in range(6)]
    observed = [learnt[p] for p in range(6)]
    assert chisquare(observed, np.array(expected) * sum(observed) / sum(expected)).pvalue > 1e-4


@pytest.mark.parametrize("priorities", [None, [4.0, 1.0, 0.0]])
@pytest.mark.parametrize("stratified", [True, False])
def test_by_segment_each_episode_counts_the_same_or_by_its_priority(
    priorities: list[float] | None, stratified: bool
) -> None:
    lengths = (1, 4, 10)
    options: dict[str, Any] = {"seed": 5, "draw_by": "segment"}
    if priorities is None:
        buffer = ReplayBuffer(15, **options)
    else:
        buffer = PrioritizedReplayBuffer(15, alpha=1.0, priority_eps=0.0, stratified=stratified, **options)
    for e, length in enumerate(lengths):
        walk(buffer, [100.0 * e + i for i in range(length + 1)], terminated=True)
    shares = np.array([1.0, 1.0, 1.0] if priorities is None else priorities)
    if priorities is not None:
        last_steps = [0, 5, 16]  # the index of any step names its segment
        buffer.update_priorities(np.array(last_steps), shares)
    drawn = Counter(buffer.sample_sequences(30_000, 2).indices.tolist())
    steps = buffer.indices()
    chances = np.repeat(shares / shares.sum() / lengths, lengths)
    possible = chances > 0
    assert drawn.keys() == set(steps[possible].tolist())
    observed = [drawn[i] for i in steps[possible].tolist()]
    assert chisquare(observed, chances[possible] * 30_000).pvalue > 1e-4
    again = Counter(buffer.sample(30_000).indices.tolist())
    assert chisquare([again[i] for i in steps[possible].tolist()], chances[possible] * 30_000).pvalue > 1e-4


def test_a_batch_is_filled_again_and_padding_is_zeroed() -> None:
    buffer = episodes(2, 9)
    out = buffer.empty_sequences(50, 4, burn_in=2, previous=True)
    for array in out._arrays:
        array.reshape(-1).view(np.uint8)[:] = 255
    batch = buffer.sample_sequences(50, 4, burn_in=2, previous=True, out=out)
    assert batch is out
    assert not batch.obs[:, -1][batch.obs[:, -1] > 1_000].size
    assert (batch.action[~batch.acted] == 0).all() and (batch.reward[~batch.mask] == 0).all()
    for wrong in (
        buffer.empty_sequences(50, 4, burn_in=2),
        buffer.empty_sequences(49, 4, burn_in=2, previous=True),
    ):
        with pytest.raises(ValueError, match=r"out: got .*expected a batch of empty_sequences"):
            buffer.sample_sequences(50, 4, burn_in=2, previous=True, out=wrong)
    with pytest.raises(ValueError, match=r"out: got .*expected"):
        buffer.sample_sequences(50, 4, out=buffer.empty_batch(50))


def test_sequences_become_tensors_over_the_same_memory() -> None:
    torch = pytest.importorskip("torch")
    buffer = episodes(5)
    out = buffer.empty_sequences(3, 2, torch=True)
    assert isinstance(out.obs, torch.Tensor)
    batch = buffer.sample_sequences(3, 2, out=out)
    assert batch.obs.shape == (3, 3, 1) and batch.previous_action is None
    assert torch.equal(batch.obs, torch.from_numpy(batch._arrays[0]))


def test_the_draws_of_a_seed_are_the_same_through_every_view() -> None:
    buffer = episodes(3, 8, seed=9)
    drawn = buffer.sample(20).indices
    buffer.reseed(9)
    assert buffer.sample_sequences(20, 3).indices.tolist() == drawn.tolist()
    buffer.reseed(9)
    with pytest.raises(ValueError, match="length"):
        buffer.sample_sequences(20, 0)
    assert buffer.sample(20).indices.tolist() == drawn.tolist()


def test_nothing_to_draw_is_an_error_and_moves_no_generator() -> None:
    for buffer in (ReplayBuffer(4, seed=0), PrioritizedReplayBuffer(4, priority_eps=0.0, seed=0)):
        with pytest.raises(ValueError, match="sample_sequences: got an empty buffer"):
            buffer.sample_sequences(2, 2)
        with pytest.raises(ValueError, match="sample_segments: got an empty buffer"):
            buffer.sample_segments(2)
        with pytest.raises(ValueError, match="empty_sequences: got no shapes yet"):
            buffer.empty_sequences(2, 2)
    add(buffer, 0, 1, priority=0.0)
    buffer_state = buffer.stats()
    for draw in (lambda: buffer.sample_sequences(2, 2), lambda: buffer.sample_segments(2)):
        with pytest.raises(ValueError, match="got only priorities of zero"):
            draw()
    assert buffer.stats() == buffer_state
