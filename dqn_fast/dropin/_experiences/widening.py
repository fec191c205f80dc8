"""States of another dtype than the first one: a buffer that holds the same with wider ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from dqn_fast.replay import ReplayBuffer
from dqn_fast.replay.fields import Field

Array = npt.NDArray[Any]


def wider(dtype: np.dtype[Any], came: list[Array], held: Callable[[], Iterable[Array]]) -> np.dtype[Any]:
    """Return the dtype in which new states are stored: `dtype` if it can be, or if none has room for all.

    Args:
        dtype: that those held have.
        came: new states.
        held: gives those that are held; called only if they would change.
    """
    if _fit(dtype, came):
        return dtype
    dtypes = [array.dtype for array in came]
    new = np.result_type(*([one for one in dtypes if one.kind == "f"] or dtypes))
    common = np.result_type(dtype, *dtypes)
    every = [*came, *held()]
    return next((candidate for candidate in (new, common) if _fit(candidate, every)), dtype)


def with_states(buffer: ReplayBuffer, states: Array, next_states: Array, seed: int) -> ReplayBuffer:
    """Return a buffer of the same transitions, oldest first, with these states, (len(buffer), ...)."""
    held = buffer.transitions()
    other = ReplayBuffer(buffer.capacity, seed=seed)
    other.extend(states, held.action, held.reward, next_states, held.terminated)
    return other


def _fit(dtype: np.dtype[Any], arrays: Iterable[Array]) -> bool:
    """Return whether a buffer takes these numbers as this dtype."""
    try:
        for array in arrays:
            Field.of("state", "observation", dtype, array.shape).convert(array)
    except TypeError:
        return False
    return True
