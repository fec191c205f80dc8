"""The pace is that of one process: the same updates at the same steps, and actors that wait."""

from __future__ import annotations

import pytest
from distributed.support import apex

from dqn_fast.distributed.pace import Pace


@pytest.mark.parametrize("period", [1, 3, 8])
@pytest.mark.parametrize("updates", [1, 2])
def test_the_updates_due_are_those_of_one_process(period: int, updates: int) -> None:
    pace = Pace(starts=20, period=period, updates=updates, tolerance=10)
    made = 0
    for step in range(1, 200):
        made += updates if step >= 20 and step % period == 0 else 0  # step by step, as TrainingLoop
        assert pace.due(step, 0) == made
        assert pace.due(step, made) == 0
        assert pace.due(step, made + 1) == 0


def test_actors_may_be_ahead_by_the_tolerance() -> None:
    pace = Pace.of(apex(1_000, learning_starts=100, learn_period=8, rate_tolerance=80))
    assert pace.room(0, 0) == 104 + 80  # the first update is due at step 104
    assert pace.room(184, 0) == 0
    assert pace.room(184, 10) == 80
    assert pace.room(304, 10) == -40


def test_whoever_waits_for_the_other_the_other_may_go_on() -> None:
    for tolerance in (0, 1, 50):
        pace = Pace(starts=5, period=7, updates=3, tolerance=tolerance)
        step = made = 0
        for _ in range(500):
            due = pace.due(step, made)
            assert due or pace.room(step, made) > 0
            made += due
            step += 1 if pace.room(step, made) > 0 else 0
        assert step == 500
