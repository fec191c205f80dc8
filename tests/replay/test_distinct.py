"""Draws without replacement: all different, every ordered choice equally likely."""

from __future__ import annotations

from collections import Counter
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from replay.support.building import add
from replay.support.oracles import uniform_choices
from replay.test_distributions import SEED, uniform
from scipy.stats import chisquare

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer

KINDS = (
    "one walk",
    "one step",
    "every second step is final",
    "contexts and frames kept before stacks",
    "unequal streams",
)


def draw(buffer: Any, batch_size: int, n_step: int = 1) -> np.ndarray:
    indices: np.ndarray = buffer.sample(batch_size, n_step=n_step, replacement=False).indices
    return indices


@pytest.mark.parametrize("kind", KINDS)
def test_draws_are_different_and_held(kind: str) -> None:
    buffer, held = uniform(kind)
    half = max(1, len(held) // 2)  # from the next one on, all are shuffled
    for batch_size in {1, half, min(half + 1, len(held)), max(1, len(held) - 1), len(held)}:
        for _ in range(50):
            drawn = draw(buffer, batch_size).tolist()
            assert len(drawn) == batch_size == len(set(drawn)) and set(drawn) <= set(held)
    assert buffer.is_valid()


def test_all_that_is_held_comes_in_every_order() -> None:
    buffer = ReplayBuffer(3, seed=SEED)
    for place in range(5):
        add(buffer, place, place + 1)
    assert {tuple(draw(buffer, 3).tolist()) for _ in range(200)} == set(permutations((2, 3, 4)))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "one step"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.6, 1.0])
def test_ordered_pairs_are_equally_likely(kind: str, share: float) -> None:
    """The first and the last of a batch: of all choices of two, in either order."""
    buffer, held = uniform(kind)
    batch_size = max(2, int(share * len(held)))
    expected = uniform_choices(held, 2)
    pairs = [draw(buffer, batch_size)[[0, -1]].tolist() for _ in range(20 * len(expected))]
    drawn = Counter(map(tuple, pairs))
    assert drawn.keys() <= expected.keys()
    observed = [drawn[pair] for pair in expected]
    assert chisquare(observed, [p * len(pairs) for p in expected.values()]).pvalue > 1e-4


def test_rows_are_those_of_the_indices() -> None:
    buffer = ReplayBuffer(60, num_envs=3, seed=SEED)
    rng = np.random.default_rng(0)
    obs = rng.standard_normal((3, 2))
    for t in range(40):
        next_obs, ends = rng.standard_normal((3, 2)), rng.random(3) < 0.2
        buffer.add(obs, np.arange(3) + t, rng.standard_normal(3), next_obs, ends, mask=rng.random(3) < 0.8)
        obs = next_obs
    for batch_size in (5, len(buffer)):
        batch = buffer.sample(batch_size, n_step=3, gamma=0.9, replacement=False)
        expected = buffer.transitions(batch.indices, n_step=3, gamma=0.9)
        np.testing.assert_equal(batch._arrays, expected._arrays)
        out = buffer.empty_batch(batch_size)
        assert buffer.sample(batch_size, replacement=False, out=out) is out
        np.testing.assert_equal(out._arrays, buffer.transitions(out.indices, n_step=1)._arrays)


@pytest.mark.parametrize("batch_size", [2, 30])
def test_the_same_seed_gives_the_same_draws_and_a_refusal_changes_none(batch_size: int) -> None:
    one, _ = uniform("unequal streams")
    other, _ = uniform("unequal streams")
    for too_many in (37, 2**31):
        with pytest.raises(ValueError, match=f"batch_size: got {too_many}, expected at most 36"):
            draw(one, too_many)
    assert all((draw(one, batch_size) == draw(other, batch_size)).all() for _ in range(20))
    assert (one.sample(9).indices == other.sample(9).indices).all()


def test_an_empty_memory_and_one_with_priorities_refuse() -> None:
    buffer, prioritised = ReplayBuffer(3, seed=SEED), PrioritizedReplayBuffer(3, seed=SEED)
    add(buffer, 0, 1)
    add(prioritised, 0, 1)
    buffer.clear()
    with pytest.raises(ValueError, match="batch_size: got 1, expected at most 0"):
        draw(buffer, 1)
    with pytest.raises(ValueError, match="batch_size: got 1, expected at most 0"):
        draw(ReplayBuffer(3), 1)
    with pytest.raises(TypeError, match="replacement: got False, expected True"):
        draw(prioritised, 1)
