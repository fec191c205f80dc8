"""Chunks of steps with each frame once, instead of a whole stack for each observation.

The R rows of a chunk stand one after another, environment by environment. Where one begins a segment, the
frames of its whole observation lie in the chunk, oldest first; then follows the newest frame of every row's
next observation. So R rows in S segments are R + S k frames of a stack of k, and the k + 1 frames that a row
spans are neighbours. An observation that is no stack is one frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

Array = npt.NDArray[Any]
Flags = npt.NDArray[np.bool_]


class Stacking(NamedTuple):
    """How an observation is a stack: of so many frames, along this axis of its shape."""

    frames: int
    axis: int

    def split(self, stacks: Array) -> Array:
        """Return the frames `(R, frames, ...)` of stacks `(R, ...)`."""
        if self.frames == 1:
            return stacks[:, None]
        axis, shape = 1 + self.axis, stacks.shape
        apart = stacks.reshape(*shape[:axis], self.frames, shape[axis] // self.frames, *shape[axis + 1 :])
        return np.moveaxis(apart, axis, 1)

    def join(self, frames: Array) -> Array:
        """Return all runs of neighbours among frames `(M, ...)` as stacks, `(M - frames + 1, ...)`."""
        if self.frames == 1:
            return frames
        apart = np.moveaxis(sliding_window_view(frames, self.frames, axis=0), -1, 1 + self.axis)
        return np.ascontiguousarray(apart).reshape(len(apart), *self.shape(frames.shape[1:]))

    def shape(self, frame: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape of a stack of frames of this shape."""
        if self.frames == 1:
            return frame
        return (*frame[: self.axis], frame[self.axis] * self.frames, *frame[self.axis + 1 :])


def to_stacks(
    name: str, frames: Array, stacking: Stacking, starts: Flags, mask: Flags
) -> tuple[Array, Array]:
    """Return the observations and next observations of the rows of a chunk.

    Args:
        name: of the frames, for errors.
        frames: `(R + S k, ...)`.
        stacking: of these observations.
        starts: `(T,)`, or `(T, N)` of N environments: the rows that begin a segment.
        mask: of the same shape, the rows that the chunk has.

    Returns:
        Two arrays `(*starts.shape, ...)`; rows that the chunk does not have hold anything.

    Raises:
        ValueError: if the number of frames is another.
    """
    k, begins = stacking.frames, _rows(starts, mask)
    expected = len(begins) + k * int(begins.sum())
    if len(frames) != expected:
        raise ValueError(
            f"{name}: got {len(frames)}, expected {expected}: one for each of {len(begins)} rows, and {k}"
            f" where each of the {int(begins.sum())} of starts begins"
        )
    if not len(begins):
        none = np.zeros((*starts.shape, *stacking.shape(frames.shape[1:])), frames.dtype)
        return none, none
    stacks = stacking.join(frames)
    if starts.ndim == 1 and len(begins) == len(starts) and begins.sum() == 1:
        return stacks[:-1], stacks[1:]
    at = np.zeros(starts.T.shape, np.int64)
    at[mask.T] = _places(begins, k)
    return stacks[at.T], stacks[at.T + 1]


def to_frames(
    obs: Sequence[Array], next_obs: Sequence[Array], stackings: Sequence[Stacking], mask: Flags
) -> tuple[list[Array], Flags] | None:
    """Return the frames of a chunk, and which of its rows begin a segment.

    Args:
        obs: of each array of an observation, `(T, N, ...)`.
        next_obs: the same of the next observations.
        stackings: of each.
        mask: `(T, N)`, the rows that are transitions.

    Returns:
        None if a next observation is not its observation moved on by one frame: then only stacks will do.
    """
    rows = [(_rows(one, mask), _rows(after, mask)) for one, after in zip(obs, next_obs, strict=True)]
    begins = _rows(np.ones(mask.shape, np.bool_), mask)
    env = _rows(np.broadcast_to(np.arange(mask.shape[1]), mask.shape), mask)
    goes_on = env[1:] == env[:-1]
    for before, after in rows:
        goes_on = goes_on & _same(before[1:], after[:-1])
    begins[1:] = ~goes_on
    result = []
    for (before, after), stacking in zip(rows, stackings, strict=True):
        old, new = stacking.split(before), stacking.split(after)
        if not _same(old[:, 1:], new[:, :-1]).all():
            return None
        k, at = stacking.frames, _places(begins, stacking.frames)
        frames = np.empty((len(at) + k * int(begins.sum()), *new.shape[2:]), new.dtype)
        frames[at + k] = new[:, -1]
        frames[at[begins][:, None] + np.arange(k)] = old[begins]
        result.append(frames)
    starts = np.zeros(mask.T.shape, np.bool_)
    starts[mask.T] = begins
    return result, np.ascontiguousarray(starts.T)


def first_rows(mask: Flags) -> Flags:
    """Return which rows are the first that each environment has in the chunk."""
    firsts: Flags = mask & (np.cumsum(mask, axis=0) == 1)
    return firsts


def require_starts(starts: Flags, mask: Flags) -> None:
    """Refuse a chunk in which an environment's first row begins no segment.

    Raises:
        ValueError: if there is one.
    """
    for row in np.argwhere(first_rows(mask) & ~starts):
        which = f" of environment {row[1]} of the chunk" if len(row) > 1 else ""
        raise ValueError(f"starts: got False for the first row{which}, expected True: a whole observation")


def _rows(values: Array, mask: Flags) -> Array:
    """Return the rows of a chunk, environment by environment, from an array `(T, ...)` or `(T, N, ...)`."""
    if mask.ndim == 1:
        values, mask = values[:, None], mask[:, None]
    rows: Array = values.swapaxes(0, 1)[mask.T]
    return rows


def _places(begins: Flags, k: int) -> npt.NDArray[np.int64]:
    """Return where the stack of each row begins among the frames."""
    return np.arange(len(begins)) + (np.cumsum(begins) - 1) * k


def _same(one: Array, other: Array) -> Flags:
    """Return which rows are equal byte for byte."""
    count = len(one)
    if not one.size:
        return np.ones(count, np.bool_)
    both = (np.ascontiguousarray(each).reshape(count, -1).view(np.uint8) for each in (one, other))
    return np.asarray(np.equal(*both).all(axis=1))
