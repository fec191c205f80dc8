"""Draws without replacement, as `random.sample` makes them."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from dqn_fast.checks import at_least
from dqn_fast.replay import ReplayBuffer


def sample_distinct(buffer: ReplayBuffer, batch_size: int) -> tuple[npt.NDArray[Any], ...]:
    """Different transitions in random order, each such selection equally likely.

    Args:
        buffer: one that samples uniformly, of observations that are single arrays, without extra fields.
        batch_size: B, how many.

    Returns:
        Observations, actions, rewards, next observations and whether each terminated, with B rows.

    Raises:
        ValueError: if fewer are held, or `batch_size` is less than 1.
    """
    batch_size = at_least("batch_size", batch_size, 1)
    memory = buffer._intake.memory
    if memory is None:
        raise ValueError(f"batch_size: got {batch_size}, expected at most 0, the transitions held")
    arrays: tuple[npt.NDArray[Any], ...] = memory.sample_distinct(batch_size, 1, 1.0)
    return arrays[:5]
