"""What a sampler of ours would draw, slot by slot."""

from __future__ import annotations

import numpy as np

from dqn_fast.dropin.torchrl import PrioritizedSampler
from dqn_fast.replay.internals import core_index


def masses_of(sampler: PrioritizedSampler) -> np.ndarray:
    """The mass of each slot, `(priority + eps) ** alpha`; 0 where none is held."""
    core = core_index(sampler._index)
    ids = core.ids_at(np.arange(core.capacity))
    masses = np.zeros(core.capacity)
    masses[ids >= 0] = core.masses(ids[ids >= 0])
    return masses
