"""Segments and sequences: how likely each is drawn, and corners that random use hardly meets."""

from __future__ import annotations

import pickle
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from replay.saved_buffers import SAVED
from replay.support.building import add, walk
from scipy.stats import chisquare

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer

SEED = 12345


def assert_follows(drawn: Any, shares: dict[int, float]) -> None:
    """Each index comes as often as its share says, and no other comes at all."""
    counts = dict(zip(*(a.tolist() for a in np.unique(drawn, return_counts=True)), strict=True))
    assert counts.keys() == shares.keys()
    expected = np.array(list(shares.values())) / sum(shares.values()) * len(drawn)
    assert chisquare([counts[index] for index in shares], expected).pvalue > 1e-4


def episodes(buffer: Any, lengths: list[int]) -> list[list[int]]:
    """Add an episode of each length; the indices of the steps of each, held or not."""
    first, found = 0, []
    for length in lengths:
        walk(buffer, list(range(100 * first, 100 * first + length + 1)), terminated=True)
        found.append(list(range(first, first + length)))
        first += length + 1
    return found


# --- how likely ------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_rows", [False, True], ids=["by number", "by rows"])
@pytest.mark.parametrize("draw_by", ["step", "segment"])
@pytest.mark.parametrize("prioritised", [False, True], ids=["uniform", "prioritised"])
def test_segments_are_as_likely_as_their_steps_together_or_each_by_itself(
    prioritised: bool, draw_by: Any, by_rows: bool
) -> None:
    options: dict[str, Any] = {"draw_by": draw_by, "seed": SEED}
    if prioritised:
        buffer: Any = PrioritizedReplayBuffer(40, alpha=1.0, priority_eps=0.0, **options)
    else:
        buffer = ReplayBuffer(40, **options)
    held = episodes(buffer, [1, 2, 5, 3])
    priorities = [4.0, 1.0, 1.0, 2.0]
    if prioritised:
        for steps, priority in zip(held, priorities, strict=True):
            buffer.update_priorities(steps, [priority] * len(steps))
    shares = {
        steps[0]: (priority if prioritised else 1.0) * (len(steps) if draw_by == "step" else 1)
        for steps, priority in zip(held, priorities, strict=True)
    }
    if by_rows:  # one at a time: the first may be longer
        drawn = np.concatenate([buffer.sample_segments(max_rows=1).indices for _ in range(10_000)])
    else:
        drawn = buffer.sample_segments(20_000).indices
    assert_follows(drawn, shares)


@pytest.mark.parametrize("prioritised", [False, True], ids=["uniform", "prioritised"])
@pytest.mark.parametrize("episodes_added", range(3, 15))
def test_wherever_the_ring_wraps_a_segment_shares_its_draws_among_its_steps(
    episodes_added: int, prioritised: bool
) -> None:
    options: dict[str, Any] = {"draw_by": "segment", "reserve": 0.5, "seed": SEED}
    if prioritised:
        buffer: Any = PrioritizedReplayBuffer(10, alpha=1.0, priority_eps=0.0, **options)
    else:
        buffer = ReplayBuffer(10, **options)
    held = [steps[-10:] for steps in episodes(buffer, [3, 4, 1] * (episodes_added // 3) + [2] * 2)]
    kept = set(buffer.indices().tolist())
    held = [present for steps in held if (present := [i for i in steps if i in kept])]
    masses = [float(2 + i % 3) if prioritised else 1.0 for i in range(len(held))]
    if prioritised:
        buffer.update_priorities([steps[-1] for steps in held], masses)
    shares = {i: mass / len(steps) for steps, mass in zip(held, masses, strict=True) for i in steps}
    assert_follows(buffer.sample(20_000).indices, shares)


@pytest.mark.parametrize("prioritised", [False, True], ids=["uniform", "prioritised"])
def test_each_environment_s_segments_and_their_steps_are_drawn(prioritised: bool) -> None:
    options: dict[str, Any] = {"num_envs": 3, "draw_by": "segment", "seed": SEED}
    buffer: Any = PrioritizedReplayBuffer(60, **options) if prioritised else ReplayBuffer(60, **options)
    one = np.zeros((3, 1), np.float32)
    for t in range(6):
        mask = np.array([t < 1, t < 3, True])
        ends = np.array([False, False, t % 2 == 1])  # segments of 1, of 3, and three of 2
        buffer.add(one, [0] * 3, [0.0] * 3, one, ends, mask=mask)
    first, second, third = (
        [index for index in buffer.indices().tolist() if index % 3 == env] for env in range(3)
    )
    shares = {**dict.fromkeys(first, 1.0), **dict.fromkeys(second, 1 / 3), **dict.fromkeys(third, 1 / 2)}
    assert_follows(buffer.sample(20_000).indices, shares)


@pytest.mark.parametrize("draw_by", ["step", "segment"])
def test_a_segment_weighs_as_its_own_priority_or_the_mean_of_its_steps_says(draw_by: Any) -> None:
    buffer = PrioritizedReplayBuffer(
        40, alpha=1.0, priority_eps=0.0, weight_normalization="none", draw_by=draw_by, seed=SEED
    )
    held = episodes(buffer, [1, 2, 5, 3])
    for steps in held:  # by segment the last one counts
        buffer.update_priorities(steps, np.float64(steps) + 1)
    masses = [steps[-1] + 1 if draw_by == "segment" else np.mean(steps) + 1 for steps in held]
    total = sum(masses) if draw_by == "segment" else sum(sum(steps) + len(steps) for steps in held)
    count = 4 if draw_by == "segment" else 11
    batch = buffer.sample_segments(200, beta=0.5)
    expected = {steps[0]: (total / (count * mass)) ** 0.5 for steps, mass in zip(held, masses, strict=True)}
    assert set(batch.indices.tolist()) == expected.keys()
    assert batch.weights.tolist() == pytest.approx([expected[index] for index in batch.indices.tolist()])


# --- corners ---------------------------------------------------------------------------------------


def test_an_acted_step_whose_bootstrap_has_no_column_is_shown_but_not_learnt_from() -> None:
    buffer = ReplayBuffer(40, seed=0)
    add(buffer, 0, 1, reward=5.0)
    buffer.extend_context(np.float32([[2], [3], [4], [5]]), continues=True)
    add(buffer, 5, 6, reward=7.0)
    batch = buffer.sample_sequences(40, 3, n_step=1)
    row = batch.indices.tolist().index(0)
    assert batch.obs[row].ravel().tolist() == [0, 1, 2, 0]
    assert batch.mask[row].all() and not batch.learn[row].any()
    assert (batch.acted[row].tolist(), batch.step_indices[row].tolist()) == (
        [True, False, False],
        [0, -1, -1],
    )
    assert (batch.reward[row].tolist(), batch.discount[row].tolist()) == ([0] * 3, [0] * 3)
    assert batch.bootstrap[row].tolist() == [0, 1, 2]


@pytest.mark.parametrize("first", [(0, 0, 0, 5), (5, 5, 5, 5), (0, 0, 3, 5), (1, 3, 4, 5), (0, 1, 0, 5)])
def test_a_stack_s_segment_is_whole_until_its_first_step_that_is_shown_is_evicted(
    first: tuple[float, ...],
) -> None:
    """Whatever hidden steps come before it, for its first stack's sake."""
    buffer = ReplayBuffer(6, frame_stack=4, reserve=3.0, seed=0)
    obs = np.float32(first)
    for step in range(9):
        next_obs = np.float32([*obs[1:], 6 + step])
        buffer.add(obs, step, 1.0, next_obs, False)
        obs = next_obs
        segment, rows = buffer.sample_segments(1), buffer.sample_sequences(60, 3, previous=True)
        assert segment.complete.tolist() == [step < 6]
        assert segment.action[0] == max(0, step - 5)
        begins = rows.action[:, 0] == 0
        assert (rows.is_first == begins).all()
        assert set(rows.action[:, 0].tolist()) == set(range(max(0, step - 5), step + 1))
        is_known = rows.action[:, 0] > max(0, step - 5)
        assert (rows.previous_reward[:, 0] == is_known).all()


def test_a_copy_passes_over_context_inside_segments_too() -> None:
    buffer = ReplayBuffer(40, n_step=2, gamma=0.5, seed=0)
    for place in range(0, 9, 3):
        add(buffer, place, place + 1, reward=1.0)
        buffer.extend_context(np.float32([[place + 2], [place + 3]]), continues=True)
    copy = pickle.loads(pickle.dumps(buffer))
    for one in (buffer, copy):
        assert one.transitions(n_step=1).next_obs.ravel().tolist() == [3, 6, 9]
        assert one.transitions().next_obs.ravel().tolist() == [6, 9, 9]
        assert one.transitions().reward.tolist() == [1.5, 1.5, 1.0]


@pytest.mark.filterwarnings("ignore:the oldest transitions are evicted:RuntimeWarning")
@pytest.mark.parametrize("contexts", range(12))
def test_the_row_of_a_reset_is_dropped_as_long_as_the_last_observation_is_held(contexts: int) -> None:
    buffer = ReplayBuffer(3, reserve=0.0, autoreset="next_step", seed=0)  # six slots
    add(buffer, 0, 1, terminated=True)
    buffer.extend_context(np.full((contexts, 1), 9, np.float32))
    is_held = buffer.stats()["steps"] >= contexts + 1
    assert is_held == (contexts < 5)
    add(buffer, 1, 50)
    assert buffer.stats()["dropped"] == int(is_held)


@pytest.mark.parametrize("n_step", [1, 2, 5])
def test_a_bootstrap_passes_over_context_inside_the_segment(n_step: int) -> None:
    buffer = ReplayBuffer(40, gamma=0.5, seed=0)
    for place in range(0, 20, 4):
        add(buffer, place, place + 1, reward=1.0)
        buffer.extend_context(np.float32([[place + 2], [place + 3], [place + 4]]), continues=True)
    segment = buffer.sample_segments(1, n_step=n_step)
    sequences = buffer.sample_sequences(30, 20, n_step=n_step)
    acted = np.flatnonzero(segment.acted)
    assert acted.tolist() == [0, 4, 8, 12, 16]
    assert segment.bootstrap[acted].tolist() == [min(row + 4 * n_step, 20) for row in acted.tolist()]
    for b, column in zip(*np.nonzero(sequences.learn), strict=True):
        behind = min(float(sequences.obs[b, column, 0]) + 4 * n_step, 20)
        assert sequences.obs[b, sequences.bootstrap[b, column], 0] == behind


def views_of_a_broken_buffer(n_step: int) -> list[tuple[Any, Any, Any]]:
    """Of a file of format 1: batches, the transitions of their acted cells, and what those bootstrap from."""
    buffer = ReplayBuffer.load(SAVED / "stacks.dqn")
    sequences = buffer.sample_sequences(200, 6, burn_in=2, n_step=n_step)
    segments = buffer.sample_segments(50, n_step=n_step)
    shown = sequences.obs[np.arange(200)[:, None], sequences.bootstrap], segments.obs[segments.bootstrap]
    return [
        (batch, buffer.transitions(batch.step_indices[batch.acted], n_step=n_step), behind[batch.acted])
        for batch, behind in zip((sequences, segments), shown, strict=True)
    ]


@pytest.mark.parametrize("n_step", [1, 3, 9])
def test_segments_that_format_1_broke_end_in_every_view_where_their_transitions_do(n_step: int) -> None:
    for batch, expected, _ in (views := views_of_a_broken_buffer(n_step)):
        for name in ("action", "reward", "discount", "terminated"):
            assert getattr(batch, name)[batch.acted].tobytes() == getattr(expected, name).tobytes(), name
    (sequences, *_), (segments, *_) = views
    learnt = sequences.learn.any(1)
    assert learnt.all() and sequences.acted[sequences.mask].all()
    is_last = np.isin(np.arange(len(segments.acted)), segments.offsets[1:] - 1)
    assert (segments.acted == ~is_last).all()


@pytest.mark.parametrize("n_step", [1, 3, 9])
def test_segments_that_format_1_broke_bootstrap_from_what_their_transitions_do(n_step: int) -> None:
    for _, expected, behind in views_of_a_broken_buffer(n_step):
        assert behind.tobytes() == expected.next_obs.tobytes()


def test_a_buffer_with_no_step_of_positive_priority_has_no_segment_to_draw() -> None:
    for draw_by in ("step", "segment"):
        buffer = PrioritizedReplayBuffer(9, alpha=1.0, priority_eps=0.0, draw_by=draw_by, seed=0)  # type: ignore[arg-type]
        add(buffer, 0, 1, priority=0.0)
        with pytest.raises(ValueError, match="got only priorities of zero"):
            buffer.sample_segments(1)


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
    buffer = PrioritizedReplayBuffer(40, alpha=1.0, priority_eps=0.0, draw_by="segment", seed=SEED)
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


def test_figures_of_priorities_by_segment_count_each_segment_once() -> None:
    buffer = PrioritizedReplayBuffer(40, alpha=0.5, priority_eps=0.0, draw_by="segment", seed=0)
    held = episodes(buffer, [1, 2, 5])
    buffer.update_priorities([steps[-1] for steps in held], [16.0, 1.0, 4.0])
    stats = buffer.stats()
    assert list(stats["priority_quantiles"].values()) == pytest.approx([1, 2.5, 4, 10, 16])
    assert stats["effective_size"] == pytest.approx((4 + 1 + 2) ** 2 / (16 + 1 + 4))


# --- contexts that wait for the first add -----------------------------------------------------------


def rows_of_segments(buffer: Any) -> set[tuple[float, ...]]:
    batch = buffer.sample_segments(60)
    return {tuple(batch.obs[a:b].ravel().tolist()) for a, b in pairwise(batch.offsets.tolist())}


def test_contexts_that_wait_are_saved_with_all_that_was_said_of_them() -> None:
    buffer = ReplayBuffer(60, num_envs=2, seed=0)
    column = np.float32([[1], [2]])
    buffer.add_context(column, mask=np.array([True, False]))
    buffer.extend_context(column + 10, env=1)
    buffer.extend_context(np.float32([column + 20, column + 30]))
    for one in (buffer, pickle.loads(pickle.dumps(buffer))):
        one.add(column + 40, [0, 0], [0.0, 0.0], column + 50, [False, False])
        assert rows_of_segments(one) == {(1, 21, 31, 41, 51), (11, 12, 22, 32, 42, 52)}
        assert one.is_valid()


def test_contexts_that_wait_for_an_environment_that_numpy_numbers_are_saved() -> None:
    buffer = ReplayBuffer(60, num_envs=2, seed=0)
    buffer.extend_context(np.float32([[1]]), env=np.int64(1))  # type: ignore[arg-type]
    copy = pickle.loads(pickle.dumps(buffer))
    one = np.float32([[2], [3]])
    copy.add(one, [0, 0], [0.0, 0.0], one + 2, [False, False])
    assert rows_of_segments(copy) == {(2, 4), (1, 3, 5)}


def test_contexts_that_wait_are_taken_in_once_and_in_order() -> None:
    buffer = ReplayBuffer(60, seed=0)
    buffer.extend_context(np.float32([[1], [2]]))
    buffer.add_context(np.float32([3]), continues=True)  # nothing is open: it waits as well
    walk(buffer, [4, 5], terminated=True)
    buffer.add([6.0], 0, 1.0, [7.0], False)  # lists are converted, as the first step was
    assert rows_of_segments(buffer) == {(1, 2, 3, 4, 5), (6, 7)}
    assert buffer.stats()["segments"] == 2


def test_no_rows_of_context_say_nothing_of_what_an_observation_is() -> None:
    buffer = ReplayBuffer(9, seed=0)
    buffer.extend_context(np.empty((0, 3), np.float64))
    walk(buffer, [4, 5])
    assert rows_of_segments(buffer) == {(4, 5)}


def test_a_waiting_context_is_a_copy_of_what_was_given() -> None:
    buffer = ReplayBuffer(9, num_envs=2, seed=0)
    obs, mask = np.float32([[1], [2]]), np.array([True, False])
    buffer.add_context(obs, mask=mask)
    obs[:], mask[:] = 99, True
    one = np.float32([[3], [4]])
    buffer.add(one, [0, 0], [0.0, 0.0], one + 2, [False, False])
    assert rows_of_segments(buffer) == {(1, 3, 5), (4, 6)}
