"""Without exploration, every action is the greedy one."""

from __future__ import annotations

import numpy as np
import pytest

from dqn_fast.agent import NoExploration


def test_the_greedy_actions_are_taken() -> None:
    exploration = NoExploration()
    for step in (0, 10_000):
        greedy = np.array([1, 2])
        assert exploration.choose(lambda greedy=greedy: greedy, step, lambda: pytest.fail("asked")) is greedy
        assert exploration.figures(step) == {"epsilon": 0.0}
    assert exploration.state_dict() == {}
