"""Logged data: datasets of other libraries, from and to buffers, one module each; and whether data fits."""

from dqn_fast.datasets.fit import require_fit
from dqn_fast.datasets.minari import from_minari, to_minari

__all__ = ["from_minari", "require_fit", "to_minari"]
