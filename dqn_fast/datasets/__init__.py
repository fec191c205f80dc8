"""Datasets of other libraries, read into buffers and written from them; one module per library."""

from dqn_fast.datasets.minari import from_minari, to_minari

__all__ = ["from_minari", "to_minari"]
