"""Stands in for `gymnasium.spaces` where Gymnasium is not installed: the agent needs no more of it here."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy as np


class Box:
    """Arrays between two bounds."""

    def __init__(self, low: float, high: float, shape: Sequence[int], dtype: Any = np.float32) -> None:
        self.shape, self.dtype = tuple(shape), np.dtype(dtype)
        self.low, self.high = np.full(self.shape, low, self.dtype), np.full(self.shape, high, self.dtype)


class Discrete:
    """Integers from `start` on."""

    def __init__(self, n: int, start: int = 0) -> None:
        self.n, self.start = n, start
        self.shape, self.dtype = (), np.dtype(np.int64)


class Other:
    """A space that nothing here makes."""


def install() -> bool:
    """Make `from gymnasium import spaces` possible; return whether this took the stand-in."""
    if find_spec("gymnasium") is not None:
        return False
    spaces = ModuleType("gymnasium.spaces")
    others = ("Space", "Dict", "MultiBinary", "MultiDiscrete", "Tuple", "Text", "Graph", "Sequence", "OneOf")
    vars(spaces).update({name: type(name, (Other,), {}) for name in others}, Box=Box, Discrete=Discrete)
    gymnasium = ModuleType("gymnasium")
    gymnasium.spaces = spaces  # type: ignore[attr-defined]
    sys.modules.update({"gymnasium": gymnasium, "gymnasium.spaces": spaces})
    return True
