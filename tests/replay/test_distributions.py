"""Draws follow the probabilities that they should: chi-square with fixed seeds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from replay.support.building import add
from replay.support.oracles import NaiveSumTree, uniform_probabilities
from scipy.stats import chisquare

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer

DRAWS = 200_000
SEED = 12345


def assert_follows(indices: np.ndarray, probabilities: dict[int, float]) -> None:
    """Every index comes as often as it should and no other comes at all."""
    drawn = dict(zip(*np.unique(indices, return_counts=True), strict=True))
    expected = {index: p * len(indices) for index, p in probabilities.items() if p > 0}
    assert drawn.keys() == expected.keys()
    if len(expected) > 1:
        assert chisquare([drawn[i] for i in expected], list(expected.values())).pvalue > 1e-4


def uniform(kind: str) -> tuple[Any, list[int]]:
    """A buffer whose streams are hard to draw from uniformly, and the indices that it holds."""
    if kind == "one walk":
        buffer = ReplayBuffer(37, seed=SEED)
        for place in range(100):
            add(buffer, place, place + 1)
        return buffer, list(range(63, 100))
    if kind == "one step":
        buffer = ReplayBuffer(1000, seed=SEED)
        add(buffer, 0, 1)
        return buffer, [0]
    if kind == "every second step is final":
        buffer = ReplayBuffer(37, seed=SEED)
        for _ in range(100):
            add(buffer, 0, 1)
        return buffer, list(range(126, 200, 2))
    if kind == "contexts and frames kept before stacks":
        buffer = ReplayBuffer(20, frame_stack=4, reserve=10.0, seed=SEED)
        first = np.float32([1, 2, 3, 4])
        for _ in range(30):  # three frames, the step and the last; then a context alone, which has three too
            buffer.add(first, 0, 0.0, first + 1, True)
            buffer.add_context(first)
        return buffer, list(range(93, 273, 9))
    buffer = ReplayBuffer(90, num_envs=3, seed=SEED)  # streams of 1, 5 and 30 steps
    one = np.zeros((3, 1), np.float32)
    for t in range(30):
        mask = np.array([t < 1, t < 5, True])
        buffer.add(one, np.zeros(3, int), np.zeros(3), one, np.zeros(3, bool), mask=mask)
    return buffer, [0, *range(1, 15, 3), *range(2, 90, 3)]


@pytest.mark.parametrize(
    "kind",
    [
        "one walk",
        "one step",
        "every second step is final",
        "contexts and frames kept before stacks",
        "unequal streams",
    ],
)
@pytest.mark.parametrize("batch_size", [1, 32, DRAWS])
def test_uniform_draws_are_uniform(kind: str, batch_size: int) -> None:
    buffer, indices = uniform(kind)
    batches = min(DRAWS // batch_size, 20_000)
    drawn = np.concatenate([buffer.sample(batch_size).indices for _ in range(batches)])
    assert_follows(drawn, uniform_probabilities(indices))


def prioritised(masses: list[float], **options: Any) -> Any:
    buffer = PrioritizedReplayBuffer(len(masses), alpha=1.0, priority_eps=0.0, seed=SEED, **options)
    for mass in masses:
        add(buffer, 0, 1, priority=mass)
    return buffer


MASSES = {
    "equal": [1.0] * 50,
    "rising": [float(i) for i in range(1, 101)],
    "with zeros": [float(i % 3) for i in range(100)],
    "zeros at both ends": [0.0] * 20 + [1.0, 2.0, 3.0] + [0.0] * 40,
    "one": [0.25],
    "one among zeros": [0.0] * 63 + [1.0] + [0.0] * 10,
    "one huge": [1.0] * 30 + [100.0] + [1.0] * 30,
}


def expected_of(masses: list[float]) -> dict[int, float]:
    tree = NaiveSumTree({2 * i: mass for i, mass in enumerate(masses)})
    return {index: mass / tree.total() for index, mass in tree.leaves.items()}


@pytest.mark.parametrize("kind", MASSES)
@pytest.mark.parametrize("stratified", [True, False], ids=["stratified", "iid"])
@pytest.mark.parametrize("batch_size", [1, 32, DRAWS])
def test_prioritised_draws_follow_the_priorities(kind: str, stratified: bool, batch_size: int) -> None:
    buffer = prioritised(MASSES[kind], stratified=stratified)
    batches = min(DRAWS // batch_size, 20_000)
    drawn = np.concatenate([buffer.sample(batch_size).indices for _ in range(batches)])
    assert_follows(drawn, expected_of(MASSES[kind]))


def test_each_part_of_the_total_gets_one_stratified_draw() -> None:
    """A step as wide as L parts of the total holds at least ceil(L) - 2 whole ones and meets ceil(L) + 1."""
    masses = MASSES["rising"]
    shares = {index: 64 * p for index, p in expected_of(masses).items()}
    stratified, iid = prioritised(masses), prioritised(masses, stratified=False)

    def surprises(buffer: Any) -> int:
        found = 0
        for _ in range(200):
            counts = np.bincount(buffer.sample(64).indices, minlength=200)
            found += sum(not np.ceil(L) - 2 <= counts[i] <= np.ceil(L) + 1 for i, L in shares.items())
        return found

    assert surprises(stratified) == 0
    assert surprises(iid) > 0


@pytest.mark.parametrize("stratified", [True, False], ids=["stratified", "iid"])
def test_equal_masses_and_as_many_draws_give_each_step_once_only_if_stratified(stratified: bool) -> None:
    buffer = prioritised([1.0] * 64, stratified=stratified)
    assert (len(set(buffer.sample(64).indices.tolist())) == 64) == stratified


@pytest.mark.parametrize(
    "masses",
    [
        [1.5 * 2.0**-52, 1.5, 0.0],  # the usual descent rounds past the last positive leaf
        [1.5, 1.5 * 2.0**-52, 0.0, 0.0],
        [0.1] * 10 + [0.0] * 7,
        [1e300, 1e-300, 0.0],
        [2.0**-1074] * 3 + [0.0] * 6,
        [0.0, 2.0**53, 1.0, 0.0],
        [1 / 3] * 65 + [0.0],
    ],
)
@pytest.mark.parametrize("stratified", [True, False], ids=["stratified", "iid"])
def test_no_rounding_leads_to_an_empty_slot(masses: list[float], stratified: bool) -> None:
    buffer = prioritised(masses, stratified=stratified)
    positive = {2 * i for i, mass in enumerate(masses) if mass > 0}
    for size in (1, 3, 1000, 500_000):
        assert set(buffer.sample(size).indices.tolist()) <= positive
