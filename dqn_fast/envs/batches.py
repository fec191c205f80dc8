"""Batches of observations of any space: an array with a leading axis, or a dict of batches."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from gymnasium import spaces

from dqn_fast import trees


def batch_maker(space: spaces.Space[Any], num_envs: int) -> Callable[[], Any]:
    """Return a function that allocates a batch for `num_envs` observations of a space.

    Raises:
        TypeError: if an observation of the space is not an array, a number, or a dict of them.
    """
    if isinstance(space, spaces.Dict):
        makers = {key: batch_maker(part, num_envs) for key, part in space.items()}
        return lambda: {key: make() for key, make in makers.items()}
    if space.shape is None or space.dtype is None:
        raise TypeError(f"observation_space: got {space}, expected arrays, numbers or a Dict of them")
    return partial(np.empty, (num_envs, *space.shape), space.dtype)


def put_row(batch: Any, row: int, obs: Any) -> None:
    """Copy an observation into a row of a batch, in place."""
    if isinstance(batch, dict):
        for key, part in batch.items():
            put_row(part, row, obs[key])
    else:
        batch[row] = obs


def copy_batch(batch: Any) -> Any:
    """Return a copy that shares no memory with the batch."""
    return trees.map(np.ndarray.copy, batch)


def contiguous(batch: Any) -> Any:
    """Return the batch with its arrays in C order; arrays in another order are copied."""
    if isinstance(batch, np.ndarray):  # the usual case, at every step
        return np.ascontiguousarray(batch)
    return trees.map(np.ascontiguousarray, batch)


def fingerprint(obs: Any) -> bytes:
    """Return 16 bytes that differ between observations of different bits, dtypes or shapes."""
    digest = hashlib.blake2b(digest_size=16)
    _feed(digest, obs)
    return digest.digest()


def _feed(digest: hashlib.blake2b, obs: Any) -> None:
    if isinstance(obs, dict):
        for key in sorted(obs):
            digest.update(repr(key).encode())
            _feed(digest, obs[key])
    else:
        array = np.asarray(obs)
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes())
