"""What drop-ins need of a buffer that would be too slow through its public methods; for them alone."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt

from dqn_fast import _core
from dqn_fast.replay.buffer import ReplayBuffer
from dqn_fast.replay.memory_options import PriorityOptions
from dqn_fast.replay.priority_index import PriorityIndex
from dqn_fast.replay.step import Step


def add_flat(
    buffer: ReplayBuffer, flat: Step, leading: tuple[int, ...], rows: int | None, env: int | None
) -> None:
    """Add a step past `ReplayBuffer.add`, whose checks of a dict's keys take longer than the rest.

    Args:
        buffer: knows its spaces.
        flat: observations are tuples of arrays, in the order of the space's keys.
        leading: leading axes of every array.
        rows: steps of one environment; None: one step of each.
        env: which environment; None: all.

    Raises:
        TypeError: see `ReplayBuffer.add`.
        ValueError: see `ReplayBuffer.add`.
    """
    buffer._writer.add_flat(flat, leading, rows, env)


def core_memory(buffer: ReplayBuffer) -> _core.ReplayMemory | None:
    """Return the core's memory, which `TupleSequence` follows; None before shapes are known."""
    return buffer._memory


def successors(buffer: ReplayBuffer, indices: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return for each index that of the next transition of its segment, -1 if there is none.

    Steps of a segment need not be neighbours, so this cannot be computed from the indices.

    Args:
        buffer: holds them.
        indices: int64 (B,).

    Raises:
        IndexError: if a transition is not held, or not any more.
    """
    memory = buffer._memory
    assert memory is not None  # somebody has given out the indices
    return memory.successors(indices)


def core_index(index: PriorityIndex) -> _core.PriorityIndex:
    """Return the core's index, which knows what its leaves hold, and the masses of ids."""
    return index._core


def options_of(index: PriorityIndex) -> PriorityOptions:
    """Return alpha, eps and what else an index was made with."""
    return index._options


def index_to_bytes(index: PriorityIndex) -> bytes:
    """Return what `index.save` writes."""
    return _core.dumps(*index._parts())


def index_from_bytes(data: bytes) -> PriorityIndex:
    """Return the index that `index_to_bytes` wrote.

    Raises:
        ValueError: if the bytes are not a saved index, or are of a newer, truncated or altered one.
    """
    snapshot = _core.Snapshot(data)
    header = json.loads(snapshot.header)
    if header["class"] != PriorityIndex.__name__:
        raise ValueError(f"index: got a saved {header['class']}, expected a PriorityIndex")
    return PriorityIndex._restored(header, snapshot)
