"""Without exploration, every action is the greedy one."""

from __future__ import annotations

import numpy as np
import pytest

from dqn_fast.agent import NoExploration


def test_the_greedy_actions_are_taken() -> None:
    exploration = NoExploration()
    for step in (0, 10_000):
        values = np.array([[0.5, 2.0, 2.0], [-3.0, -2.0, -1.0]])  # the first of equal ones
        chosen = exploration.choose(lambda values=values: values, step, lambda: pytest.fail("asked"))
        assert chosen.tolist() == [1, 2]
        assert exploration.figures(step) == {"epsilon": 0.0}
    assert exploration.state_dict() == {}
