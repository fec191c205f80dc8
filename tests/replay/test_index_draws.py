"""What a `PriorityIndex` draws: as likely as the priorities say, weighed by the formula, the same by seed."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from replay.support.building import plain_index
from replay.support.index_oracle import IndexTwin
from replay.support.oracles import NaiveSumTree
from scipy.stats import chisquare

from dqn_fast import PrioritizedReplayBuffer, PriorityIndex

DRAWS = 200_000
MASSES = {
    "rising": [float(i) for i in range(1, 101)],
    "with zeros": [float(i % 3) for i in range(100)],
    "one among zeros": [0.0] * 63 + [1.0] + [0.0] * 10,
    "one huge": [1.0] * 30 + [100.0] + [1.0] * 30,
}


@pytest.mark.parametrize("stratified", [True, False], ids=["stratified", "iid"])
@pytest.mark.parametrize("normalization", ["batch", "buffer", "none"])
@pytest.mark.parametrize("kind", MASSES)
def test_draws_follow_the_priorities_and_weights_the_formula(
    kind: str, normalization: str, stratified: bool
) -> None:
    masses = MASSES[kind]
    index = plain_index(len(masses), stratified=stratified, weight_normalization=normalization, seed=3)
    index.add(len(masses), priority=np.full(len(masses), 5.0))
    index.add(at=np.random.default_rng(0).permutation(len(masses)), priority=1.0)  # generation 1
    ids = np.arange(len(masses)) + len(masses)
    index.update(ids, masses)
    twin = IndexTwin(len(masses), 1.0, 0.0)
    twin.priorities.masses.update(zip(ids.tolist(), masses, strict=True))
    total = NaiveSumTree(twin.priorities.masses).total()
    drawn = []
    for size in [32] * 1_000 + [DRAWS]:
        found, weights = index.sample(size, beta=0.7)
        drawn.append(found)
        if size == 32:
            expected = twin.priorities.weights(
                [twin.priorities.masses[i] for i in found.tolist()], 0.7, normalization
            )
            np.testing.assert_allclose(weights, expected, rtol=2e-7)
    counts = dict(zip(*np.unique(np.concatenate(drawn), return_counts=True), strict=True))
    positive = {identity: mass for identity, mass in twin.priorities.masses.items() if mass > 0}
    assert counts.keys() == positive.keys()
    if len(positive) > 1:
        size = sum(counts.values())
        expectation = [mass / total * size for mass in positive.values()]
        assert chisquare([counts[i] for i in positive], expectation).pvalue > 1e-4


def test_weights_count_the_ids_that_are_held() -> None:
    index = plain_index(100, weight_normalization="none")
    index.add(3, priority=[1.0, 2.0, 0.0])  # one that is never drawn counts, as in a buffer
    ids, weights = index.sample(50, beta=1.0)
    np.testing.assert_allclose(weights, 1 / (3 * np.where(ids == 0, 1 / 3, 2 / 3)), rtol=1e-6)
    index.remove([2])
    ids, weights = index.sample(50, beta=1.0)
    np.testing.assert_allclose(weights, 1 / (2 * np.where(ids == 0, 1 / 3, 2 / 3)), rtol=1e-6)


def test_an_index_draws_what_a_buffer_draws() -> None:
    """The same seed, priorities and calls: the trees and the generator are the same."""
    options: dict[str, Any] = {"alpha": 0.7, "weight_normalization": "buffer", "seed": 5}
    index, buffer = PriorityIndex(200, **options), PrioritizedReplayBuffer(200, reserve=0.0, **options)
    rng = np.random.default_rng(0)
    for t in range(100):
        priority = float(rng.random())
        index.add(priority=priority)
        buffer.add(np.float32([t]), 0, 0.0, np.float32([t + 1]), False, priority=priority)
    for _ in range(5):
        ids, weights = index.sample(32)
        batch = buffer.sample(32)
        assert (ids == batch.indices).all() and (weights == batch.weights).all()
        priorities = rng.random(32)
        index.update(ids, priorities)
        buffer.update_priorities(batch.indices, priorities)


def test_the_same_seed_gives_the_same_draws() -> None:
    def made(seed: int | None) -> Any:
        index = PriorityIndex(50, seed=seed)
        index.add(50, priority=np.arange(50.0))
        return index

    first, same, other = made(1), made(1), made(2)
    draw = first.sample(64)[0]
    assert (same.sample(64)[0] == draw).all()
    assert (other.sample(64)[0] != draw).any()
    assert (made(None).sample(64)[0] != made(None).sample(64)[0]).any()
    other.reseed(1)
    assert (other.sample(64)[0] == draw).all()
    other.reseed()
    assert (other.sample(64)[0] != made(1).sample(64)[0]).any()


@pytest.mark.parametrize("kernels", ["portable", "avx2", "avx512"])
def test_draws_are_the_same_under_every_kernel(kernels: str) -> None:
    code = (
        "import numpy as np; from dqn_fast import PriorityIndex\n"
        "index = PriorityIndex(1000, seed=1, weight_normalization='buffer')\n"
        "index.add(1000, priority=np.arange(1000) / 7)\n"
        "ids, weights = index.sample(500)\n"
        "index.update(ids, weights)\n"
        "print(hash(index.sample(500)[0].tobytes() + index.sample(500)[1].tobytes()))"
    )

    def run(name: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "DQN_FAST_KERNELS": name, "PYTHONHASHSEED": "0"}
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)

    done = run(kernels)
    if done.returncode != 0 and "DQN_FAST_KERNELS" in done.stderr:
        pytest.skip("this processor has none")
    assert done.returncode == 0, done.stderr
    assert done.stdout == run("portable").stdout
