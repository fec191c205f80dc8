"""Draws without replacement, as `random.sample` makes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from dqn_fast.batch import Batch
from dqn_fast.replay import ReplayBuffer


def sample_distinct(buffer: ReplayBuffer, batch_size: int) -> Batch[Any]:
    """`batch_size` different transitions in random order, each such selection equally likely.

    The first different ones of uniform draws with replacement are exactly that.

    Raises:
        ValueError: if there are fewer, or `batch_size` is less than 1.
    """
    if batch_size > len(buffer):
        raise ValueError(f"batch_size: got {batch_size}, expected at most len(memory) = {len(buffer)}")
    batch = buffer.sample(batch_size)
    drawn = dict.fromkeys(batch.indices.tolist())
    if len(drawn) == batch_size:
        return batch
    while len(drawn) < batch_size:
        missing = batch_size - len(drawn)
        drawn.update(dict.fromkeys(buffer.sample(missing).indices.tolist()))
    return read(buffer, np.fromiter(drawn, np.int64, batch_size))


def read(buffer: ReplayBuffer, indices: np.ndarray[Any, np.dtype[np.int64]]) -> Batch[Any]:
    """The 1-step transitions of these int64 (B,) indices, which are held."""
    arrays = buffer._intake.memory.read(indices, 1, 1.0)
    assert buffer._intake.layout is not None  # something was added
    return buffer._intake.layout.assemble(arrays, arrays)
