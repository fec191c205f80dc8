"""The index of a sampler: how it is made, and made anew when alpha changes."""

from __future__ import annotations

import warnings

import numpy as np

from dqn_fast.replay.internals import core_index, options_of
from dqn_fast.replay.priority_index import PriorityIndex


def make_index(capacity: int, alpha: float, eps: float, stratified: bool) -> PriorityIndex:
    """Return an index that weighs as torchrl does: by the largest weight that there could be."""
    return PriorityIndex(
        capacity, alpha=alpha, priority_eps=eps, weight_normalization="buffer", stratified=stratified
    )


def remade(index: PriorityIndex, *, alpha: float | None = None, capacity: int | None = None) -> PriorityIndex:
    """Return an index of the same leaves and priorities, with another exponent, or with more leaves."""
    options, core = options_of(index), core_index(index)
    alpha = options.alpha if alpha is None else alpha
    ids = core.ids_at(np.arange(index.capacity))
    leaves = np.flatnonzero(ids >= 0)
    masses = core.masses(ids[leaves])
    other = make_index(capacity or index.capacity, alpha, options.eps, options.stratified)
    if options.alpha == 0 != alpha and len(leaves):
        warnings.warn(
            f"alpha: got {alpha} after 0, at which masses do not tell the priorities: items keep equal ones "
            "until they are updated, so annealing away from 0 is approximate",
            stacklevel=4,
        )
    lifted = masses if options.alpha == 0 else masses ** (1 / options.alpha)
    largest = max(0.0, core.largest_priority - options.eps)
    other.add(at=leaves[:1], priority=largest)  # to remember it
    other.add(at=leaves, priority=np.maximum(lifted - options.eps, 0.0))
    return other
