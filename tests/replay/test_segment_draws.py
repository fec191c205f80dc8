"""How likely each segment and each of its steps is drawn, and what it weighs then."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from replay.support.building import add, episodes
from scipy.stats import chisquare

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer

SEED = 12345


def assert_follows(drawn: Any, shares: dict[int, float]) -> None:
    """Each index comes as often as its share says, and no other comes at all."""
    counts = dict(zip(*(a.tolist() for a in np.unique(drawn, return_counts=True)), strict=True))
    assert counts.keys() == shares.keys()
    expected = np.array(list(shares.values())) / sum(shares.values()) * len(drawn)
    assert chisquare([counts[index] for index in shares], expected).pvalue > 1e-4


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


def test_a_buffer_with_no_step_of_positive_priority_has_no_segment_to_draw() -> None:
    for draw_by in ("step", "segment"):
        buffer = PrioritizedReplayBuffer(9, alpha=1.0, priority_eps=0.0, draw_by=draw_by, seed=0)  # type: ignore[arg-type]
        add(buffer, 0, 1, priority=0.0)
        with pytest.raises(ValueError, match="got only priorities of zero"):
            buffer.sample_segments(1)


def test_figures_of_priorities_by_segment_count_each_segment_once() -> None:
    buffer = PrioritizedReplayBuffer(40, alpha=0.5, priority_eps=0.0, draw_by="segment", seed=0)
    held = episodes(buffer, [1, 2, 5])
    buffer.update_priorities([steps[-1] for steps in held], [16.0, 1.0, 4.0])
    stats = buffer.stats()
    assert list(stats["priority_quantiles"].values()) == pytest.approx([1, 2.5, 4, 10, 16])
    assert stats["effective_size"] == pytest.approx((4 + 1 + 2) ** 2 / (16 + 1 + 4))
