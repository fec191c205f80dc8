"""One seed for each part of a run, all from the run's seed, so that no part's draws shift another's."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class PartSeeds(NamedTuple):
    """Independent seeds of the parts, each below 2**31.

    New parts go at the end, so that the seeds of the old ones stay what they were.
    """

    network: int
    exploration: int
    memory: int
    environment: int
    evaluation: int
    selection: int


def derive_seeds(seed: int) -> PartSeeds:
    """Return the seeds of a run's parts."""
    children = np.random.SeedSequence(seed).spawn(len(PartSeeds._fields))
    return PartSeeds(*(int(child.generate_state(1)[0] >> 1) for child in children))
