"""What `sample(frames=True)` returns: a batch of transitions whose stacks come as frames, each once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dqn_fast import trees
from dqn_fast.replay.batch import ArrayBatch, ArrayT, BatchLayout, ObsT
from dqn_fast.replay.structure import Structure

if TYPE_CHECKING:
    import torch

    from dqn_fast.replay.batch import Array, TensorObsT
    from dqn_fast.replay.fields import Field


class FrameBatch(ArrayBatch[ArrayT, ObsT]):
    """A batch of B transitions, in arrays or in tensors, without a frame twice in a row; its length is B.

    It has all fields of `Batch`. `obs` and `next_obs` are made of the frames where these are, whenever they
    are asked for, bit for bit what `Batch` has. So a batch that goes to another device takes fewer bytes on
    the way: 1-step transitions of stacks of 4 need 5 frames, not 8, and n-step ones 4 + min(n, 4).

    Attributes:
        frames: frames of all rows, shape (M, ...); for dict observations a dict of them. M is another one in
            every batch, and at most 2 k B for stacks of k. An observation that is no stack is one frame.
        frame_index: int64 (B, k), which of `frames` the stack of `obs` is made of, oldest first; a dict as
            `frames`.
        next_frame_index: the same of `next_obs`.
        action: as the fields of `Batch`, and so are the others.
        reward: see `Batch`.
        terminated: see `Batch`.
        truncated: see `Batch`.
        discount: see `Batch`.
        weights: see `Batch`.
        indices: see `Batch`.
        extra: see `Batch`.
    """

    _counted = "transitions"
    __slots__ = (
        "_room",
        "action",
        "discount",
        "extra",
        "frame_index",
        "frames",
        "indices",
        "next_frame_index",
        "reward",
        "terminated",
        "truncated",
        "weights",
    )

    _layout: FrameLayout
    _room: tuple[Any, ...]  # of each array of an observation: the frames, and room for more
    frames: ObsT
    frame_index: ObsT
    next_frame_index: ObsT
    action: ArrayT
    reward: ArrayT
    terminated: ArrayT
    truncated: ArrayT
    discount: ArrayT
    weights: ArrayT
    indices: ArrayT
    extra: dict[str, ArrayT]

    @property
    def obs(self) -> ObsT:
        """Observations of the drawn steps, as in `Batch`, in new memory."""
        obs: ObsT = self._layout.stacks(self.frames, self.frame_index)
        return obs

    @property
    def next_obs(self) -> ObsT:
        """Observations after the last of the steps, as in `Batch`, in new memory."""
        next_obs: ObsT = self._layout.stacks(self.frames, self.next_frame_index)
        return next_obs

    def stacks(self, move: Callable[[Any], Any]) -> tuple[Any, Any]:
        """Return `obs` and `next_obs` made where `move` brings frames and numbers.

        Args:
            move: returns an array or tensor that it is given, or a copy of it elsewhere.
        """
        frames = trees.map(move, self.frames)
        obs, next_obs = (
            self._layout.stacks(frames, trees.map(move, index))
            for index in (self.frame_index, self.next_frame_index)
        )
        return obs, next_obs

    def torch(self, device: torch.device | str | None = None) -> FrameBatch[torch.Tensor, TensorObsT]:
        """Return the same batch as tensors: over the same memory on the CPU, copied to another device."""
        import torch

        moved = [
            torch.from_numpy(array) if device is None else torch.from_numpy(array).to(device)
            for array in (self._arrays if device is None else self._layout.used(self._arrays))
        ]
        batch: FrameBatch[torch.Tensor, TensorObsT] = self._layout.assemble(tuple(moved), self._arrays)
        return batch

    def note_filled(self) -> None:
        """Show the frames that its arrays hold now."""
        counts = self._layout.counts(self._arrays)
        used = tuple(room[:count] for room, count in zip(self._room, counts, strict=True))
        self.frames = self._layout.structure.unflatten(used)


class _Stack(NamedTuple):
    """How an array of an observation is made of frames: a stack of them along an axis, or one alone."""

    shape: tuple[int, ...]
    frame_shape: tuple[int, ...]
    axis: int

    def room(self, frames: Any) -> Any:
        """Return frames, `(M, ...)` or `(B, so many of each row, ...)`, one behind another."""
        if frames.ndim > 1 + len(self.frame_shape):
            return frames.reshape(frames.shape[0] * frames.shape[1], *self.frame_shape)
        return frames

    def of(self, frames: Any, index: Any) -> Any:
        """Return the stacks `(B, ...)` of frames `(M, ...)` with the numbers `index`, `(B, k)`."""
        flat, behind = index.reshape(-1), 1 + self.axis
        taken = frames[flat] if isinstance(frames, np.ndarray) else frames.index_select(0, flat)
        rows = taken.reshape(*index.shape, *self.frame_shape)
        if behind > 1:  # the axis that counts frames goes where they are stacked
            rows = np.moveaxis(rows, 1, behind) if isinstance(rows, np.ndarray) else rows.movedim(1, behind)
        return rows.reshape(len(index), *self.shape)


class FrameLayout(BatchLayout):
    """Which of the core's arrays is which part of a `FrameBatch`, and how stacks are made of its frames.

    Args:
        structure: see `BatchLayout`.
        outputs: see `BatchLayout`.
        fields: of an observation.
    """

    __slots__ = ("_stacks",)

    def __init__(self, structure: Structure, outputs: list[tuple[str, str]], fields: Sequence[Field]) -> None:
        super().__init__(FrameBatch, structure, outputs)
        self._stacks = [_Stack(field.shape, field.frame_shape, field.frame_axis) for field in fields]

    def is_like(self, other: BatchLayout) -> bool:
        """Return whether both say the same of the core's arrays."""
        return isinstance(other, FrameLayout) and super().is_like(other) and self._stacks == other._stacks

    def assemble(self, values: tuple[Any, ...], arrays: tuple[Array, ...]) -> Any:
        """Return a batch of arrays or tensors in the core's order."""
        batch: FrameBatch[Any] = super().assemble(values, arrays)
        rooms = self.structure.flatten("frames", batch.frames)
        batch._room = tuple(stack.room(room) for stack, room in zip(self._stacks, rooms, strict=True))
        batch.note_filled()
        return batch

    def counts(self, arrays: tuple[Array, ...]) -> list[int]:
        """Return how many frames of each array of an observation there are; they are numbered in order."""
        size = len(self._stacks)
        both = zip(arrays[size : 2 * size], arrays[2 * size : 3 * size], strict=True)
        return [1 + max(int(now.max()), int(later.max())) for now, later in both]

    def forget(self, arrays: tuple[Array, ...]) -> None:
        """Let new arrays name the first frame alone: whatever lies in them is no number."""
        for index in arrays[len(self._stacks) : 3 * len(self._stacks)]:
            index[...] = 0

    def used(self, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
        """Return the arrays with no more frames than there are."""
        frames = zip(self._stacks, arrays, self.counts(arrays), strict=False)
        return (
            *(stack.room(array)[:count] for stack, array, count in frames),
            *arrays[len(self._stacks) :],
        )

    def stacks(self, frames: Any, index: Any) -> Any:
        """Return the observations that frames with these numbers make."""
        flat = self.structure.flatten
        both = zip(self._stacks, flat("frames", frames), flat("frame_index", index), strict=True)
        return self.structure.unflatten(tuple(stack.of(*leaves) for stack, *leaves in both))
