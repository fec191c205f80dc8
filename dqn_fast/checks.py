"""Checks of scalar arguments. Each error names the argument, its value, and what was expected."""

from __future__ import annotations

import math
import operator
import os
from typing import Any


def at_least(name: str, value: Any, least: int, most: int | None = None) -> int:
    """Return `value` as an int.

    Raises:
        TypeError: if it is not an integer.
        ValueError: if it is outside [least, most].
    """
    if type(value) is int and least <= value and (most is None or value <= most):
        return value  # the usual case, by the shortest way
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name}: got {value!r}, expected an integer") from None
    if number < least:
        raise ValueError(f"{name}: got {number}, expected at least {least}")
    if most is not None and number > most:
        raise ValueError(f"{name}: got {number}, expected at most {most}")
    return number


def within(name: str, value: Any, low: float, high: float = math.inf) -> float:
    """Return `value` as a float.

    Raises:
        TypeError: if it is not a number.
        ValueError: if it is outside [low, high], or not finite.
    """
    try:
        if isinstance(value, str | bytes | bool):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name}: got {value!r}, expected a number") from None
    if not (low <= number <= high and math.isfinite(number)):
        bounds = f"at least {low:g}" if high == math.inf else f"between {low:g} and {high:g}"
        raise ValueError(f"{name}: got {number:g}, expected a finite number {bounds}")
    return number


def seed_of(seed: Any) -> int:
    """`seed` as a generator takes it, else TypeError or ValueError; None is a new one."""
    return int.from_bytes(os.urandom(8), "little") if seed is None else at_least("seed", seed, 0, 2**64 - 1)
