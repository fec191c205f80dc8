"""Sampling draws each action as often as its logit says, and repeatably."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy import special, stats

from dqn_fast.agent import Sampling, sample

LOGITS = np.array([[0.0, 1.0, -2.0, 0.5], [3.0, -np.inf, 3.0, 0.0]], np.float32)


def unasked() -> None:
    pytest.fail("asked")


def test_frequencies() -> None:
    draws, generator = 20_000, np.random.default_rng(0)
    actions = np.array([sample(LOGITS, generator) for _ in range(draws)])
    for column, logits in zip(actions.T, LOGITS, strict=True):
        possible = np.isfinite(logits)
        found = np.bincount(column, minlength=4)
        assert found[~possible].sum() == 0
        expected = draws * special.softmax(logits.astype(np.float64))[possible]
        assert stats.chisquare(found[possible], expected).pvalue > 1e-3


@pytest.mark.parametrize("pick", [0.0, np.nextafter(1.0, 0.0)])
def test_the_ends_of_the_unit_interval(pick: float) -> None:
    class Ends(np.random.Generator):
        def random(self, *size: object) -> np.ndarray:  # type: ignore[override]
            return np.full((len(LOGITS), 1), pick)

    actions = sample(LOGITS, Ends(np.random.PCG64(0)))
    assert actions.tolist() == ([0, 0] if pick == 0.0 else [3, 3])


def test_logits_of_any_size() -> None:
    large = np.array([[1e30, 1e30, -1e30]], np.float32)
    assert set(np.concatenate([sample(large, np.random.default_rng(seed)) for seed in range(50)])) == {0, 1}


def test_saved_sampling_goes_on_and_a_seed_begins_anew() -> None:
    first, second = Sampling(np.random.default_rng(0)), Sampling(np.random.default_rng(1))
    values = LOGITS.repeat(4, 0)

    def some(sampling: Sampling) -> list[list[int]]:
        return [sampling.choose(lambda: values, 0, unasked).tolist() for _ in range(20)]

    before = some(first)
    second.load_state_dict(pickle.loads(pickle.dumps(first.state_dict())))
    assert some(first) == some(second)
    first.reseed(0)
    assert some(first) == before
    assert first.figures(0) == {}
