"""Random actions among those of another exploration."""

from __future__ import annotations

import numpy as np
import pytest

from dqn_fast.agent import NoExploration, Sampling, Straying

VALUES = np.tile([0.0, 3.0, 1.0, 2.0], (5_000, 1))


def test_shares_of_actions() -> None:
    straying = Straying(NoExploration(), 0.2, 4)
    counts = np.bincount(straying.choose(lambda: VALUES, 0, lambda: None), minlength=4) / 5_000
    np.testing.assert_allclose(counts, [0.05, 0.85, 0.05, 0.05], atol=0.015)
    allowed = np.tile([False, True, True, False], (5_000, 1))
    counts = np.bincount(straying.choose(lambda: VALUES, 0, lambda: allowed), minlength=4) / 5_000
    np.testing.assert_allclose(counts, [0, 0.9, 0.1, 0], atol=0.015)
    assert straying.figures(7) == {"epsilon": 0.2}


@pytest.mark.parametrize("epsilon", [0.0, 1.0])
def test_never_and_always(epsilon: float) -> None:
    straying = Straying(NoExploration(), epsilon, 4)
    actions = straying.choose(lambda: VALUES, 0, lambda: None)
    assert set(actions.tolist()) == ({1} if epsilon == 0 else {0, 1, 2, 3})


def test_it_strays_from_what_is_drawn_and_goes_on_from_its_state() -> None:
    def draws(straying: Straying) -> list[int]:
        return straying.choose(lambda: VALUES[:50], 0, lambda: None).tolist()

    def straying() -> Straying:
        return Straying(Sampling(np.random.default_rng(3)), 0.5, 4)

    one, other = straying(), straying()
    draws(one)
    state = one.state_dict()
    expected = draws(one)
    other.load_state_dict(state)
    assert draws(other) == expected
    one.reseed(8)
    first = draws(one)
    other.reseed(8)
    assert draws(other) == first
    other.reseed(9)
    assert draws(other) != first
