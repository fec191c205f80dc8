"""Schedules at their ends, between them, and outside."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dqn_fast.agent import ExponentialSchedule, LinearSchedule, Schedule

KINDS = [LinearSchedule, ExponentialSchedule]


@pytest.mark.parametrize("kind", KINDS)
def test_the_ends_are_exact_and_hold_outside(kind: type[LinearSchedule] | type[ExponentialSchedule]) -> None:
    schedule: Schedule = kind(1.0, 0.1, 1000)
    assert [schedule(step) for step in (-5, 0, 1000, 1001, 10**12)] == [1.0, 1.0, 0.1, 0.1, 0.1]


@pytest.mark.parametrize("kind", KINDS)
def test_no_steps_to_decay_in_is_always_the_end(
    kind: type[LinearSchedule] | type[ExponentialSchedule],
) -> None:
    schedule: Schedule = kind(1.0, 0.1, 0)
    assert [schedule(step) for step in (0, 1)] == [0.1, 0.1]


def test_half_way() -> None:
    assert LinearSchedule(1.0, 0.5, 10)(5) == 0.75
    assert ExponentialSchedule(1.0, 0.01, 10)(5) == pytest.approx(0.1)


def test_rising() -> None:
    assert LinearSchedule(0.4, 1.0, 100)(50) == pytest.approx(0.7)


@given(st.floats(0.001, 1), st.floats(0.001, 1), st.integers(1, 10**6), st.integers(-10, 2 * 10**6))
def test_between_the_ends_and_monotonic(begin: float, end: float, decay_steps: int, step: int) -> None:
    for kind in KINDS:
        schedule: Schedule = kind(begin, end, decay_steps)
        now, later = schedule(step), schedule(step + 1)
        slack = 1e-12
        assert min(begin, end) - slack <= now <= max(begin, end) + slack
        assert (later - now) * (end - begin) >= -slack


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((math.nan, 0.1, 10), "begin: got nan, expected a finite number"),
        ((1.0, math.inf, 10), "end: got inf, expected a finite number"),
        ((1.0, 0.1, -1), "decay_steps: got -1, expected at least 0 environment steps"),
    ],
)
def test_bad_arguments(arguments: tuple[float, float, int], message: str) -> None:
    for kind in KINDS:
        with pytest.raises(ValueError, match=f"^{message}$"):
            kind(*arguments)


def test_an_exponential_cannot_reach_zero() -> None:
    with pytest.raises(ValueError, match=r"^end: got 0.0, expected above 0"):
        ExponentialSchedule(1.0, 0.0, 10)
