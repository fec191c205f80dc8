"""Transitions that somebody logged: from and to data sets of other libraries, one module each."""

from dqn_fast.datasets.minari import from_minari, to_minari

__all__ = ["from_minari", "to_minari"]
