"""One seed for each part of a run, derived from the run's seed, so that the parts' draws are independent."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dqn_fast.errors import SettingError

_MOST = 2**31  # some environments keep a seed in a signed 32-bit number


class PartSeeds(NamedTuple):
    """Independent seeds of the parts, each below 2**31.

    New parts go at the end, so that the seeds of the others do not change.
    """

    network: int
    exploration: int
    buffer: int
    environment: int
    evaluation: int
    selection: int
    data: int
    ratings: int


def derive_seeds(seed: int) -> PartSeeds:
    """Return the seeds of a run's parts."""
    children = np.random.SeedSequence(seed).spawn(len(PartSeeds._fields))
    return PartSeeds(*(int(child.generate_state(1)[0] >> 1) for child in children))


def first_seed(asked: int | None, own: int) -> int:
    """Return the seed of the first episode to play: the one that was asked for, or a run's own.

    Raises:
        SettingError: if it is outside its range.
    """
    if asked is not None and not 0 <= asked < _MOST:
        raise SettingError("seed", asked, "at least 0 and below 2**31")
    return own if asked is None else asked
