"""Logged data: buffers from and to other libraries' datasets, a module for each, and whether data fits."""

from dqn_fast.datasets.fit import require_fit
from dqn_fast.datasets.minari import from_minari, to_minari

__all__ = ["from_minari", "require_fit", "to_minari"]
