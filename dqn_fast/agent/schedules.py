"""Schedules: a number that changes with the environment step, such as epsilon, beta and the learning rate.

They all count environment steps, so the schedules of a run end together, whatever its `learn_period`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol


class Schedule(Protocol):
    """A value for each environment step."""

    def __call__(self, step: int) -> float:
        """Return the value at environment step `step` (0 is the first)."""
        ...


def _check(begin: float, end: float, decay_steps: int) -> None:
    for name, value in (("begin", begin), ("end", end)):
        if not math.isfinite(value):
            raise ValueError(f"{name}: got {value}, expected a finite number")
    if decay_steps < 0:
        raise ValueError(f"decay_steps: got {decay_steps}, expected at least 0 environment steps")


@dataclass(frozen=True)
class LinearSchedule:
    """A straight line from `begin` to `end`, then `end` forever.

    Args:
        begin: value at step 0 and before.
        end: value from step `decay_steps` on.
        decay_steps: environment steps from `begin` to `end`; with 0 the value is always `end`.

    Raises:
        ValueError: if a value is not finite, or `decay_steps` is negative.
    """

    begin: float
    end: float
    decay_steps: int

    def __post_init__(self) -> None:
        _check(self.begin, self.end, self.decay_steps)

    def __call__(self, step: int) -> float:
        """Return the value at environment step `step`."""
        if step >= self.decay_steps:
            return self.end
        return self.begin + (self.end - self.begin) * (max(step, 0) / self.decay_steps)


@dataclass(frozen=True)
class ExponentialSchedule:
    """Changes by the same factor every step from `begin` to `end`, then stays at `end`.

    Args:
        begin: value at step 0 and before, above 0.
        end: value from step `decay_steps` on, above 0.
        decay_steps: environment steps from `begin` to `end`; with 0 the value is always `end`.

    Raises:
        ValueError: if a value is not finite or not above 0, or `decay_steps` is negative.
    """

    begin: float
    end: float
    decay_steps: int

    def __post_init__(self) -> None:
        _check(self.begin, self.end, self.decay_steps)
        for name, value in (("begin", self.begin), ("end", self.end)):
            if value <= 0:
                raise ValueError(f"{name}: got {value}, expected above 0 (a product never reaches 0)")

    def __call__(self, step: int) -> float:
        """Return the value at environment step `step`."""
        if step >= self.decay_steps:
            return self.end
        return float(self.begin * (self.end / self.begin) ** (max(step, 0) / self.decay_steps))
