"""The second door to a buffer: everything that is held, and batches to draw into."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from dqn_fast.checks import at_least, within
from dqn_fast.replay.batch import Batch, BatchLayout
from dqn_fast.replay.draws import LARGEST_BATCH, LARGEST_STEP, Draws
from dqn_fast.replay.frames import FrameBatch
from dqn_fast.replay.schema import convert_indices
from dqn_fast.replay.sequences import SequenceBatch

if TYPE_CHECKING:
    import numpy.typing as npt
    import torch

    from dqn_fast.replay.batch import Array, ArrayObsT, TensorObsT


class Reader(Draws, is_saved=False):
    """Look at what a buffer holds, beside drawing from it."""

    def indices(self) -> npt.NDArray[np.int64]:
        """Return the indices of all transitions that are held, by environment and then by time.

        O(len(buffer)).
        """
        return np.empty(0, np.int64) if self._memory is None else self._memory.indices()

    def transitions(
        self, indices: Any = None, *, n_step: int | None = None, gamma: float | None = None
    ) -> Batch[Array, ArrayObsT]:
        """Return the transitions of these indices; by default all that are held, as `indices` names them.

        Args:
            indices: int64 (B,), such as `batch.indices`; None: all.
            n_step: as for `sample`.
            gamma: as for `sample`.

        Raises:
            IndexError: if a transition is not held, or not any more.
            TypeError: if the indices are not integers.
            ValueError: before the first `add` of a buffer without spaces, or if a number is out of range.
        """
        n_step = self._n_step if n_step is None else at_least("n_step", n_step, 1, LARGEST_STEP)
        gamma = self._gamma if gamma is None else within("gamma", gamma, 0, 1)
        memory, layouts = self._known("transitions")
        arrays = memory.transitions(None if indices is None else convert_indices(indices), n_step, gamma)
        batch: Batch[Array, ArrayObsT] = layouts.transitions.assemble(arrays, arrays)
        return batch

    @overload
    def empty_batch(
        self,
        batch_size: int,
        torch: Literal[False] = ...,
        pin_memory: Literal[False] = ...,
        frames: Literal[False] = ...,
    ) -> Batch[Array, ArrayObsT]: ...
    @overload
    def empty_batch(
        self, batch_size: int, torch: Literal[True], pin_memory: bool = ..., frames: Literal[False] = ...
    ) -> Batch[torch.Tensor, TensorObsT]: ...
    @overload
    def empty_batch(
        self, batch_size: int, torch: bool, pin_memory: bool = ..., frames: Literal[False] = ...
    ) -> Batch[Any]: ...
    @overload
    def empty_batch(
        self, batch_size: int, torch: bool = ..., pin_memory: bool = ..., *, frames: Literal[True]
    ) -> FrameBatch[Any]: ...
    @overload
    def empty_batch(
        self, batch_size: int, torch: bool = ..., pin_memory: bool = ..., *, frames: bool
    ) -> Batch[Any] | FrameBatch[Any]: ...
    def empty_batch(
        self, batch_size: int, torch: bool = False, pin_memory: bool = False, frames: bool = False
    ) -> Any:
        """Return a batch for `sample(out=...)`, which then allocates nothing.

        Args:
            batch_size: rows of every array.
            torch: whether its fields are torch tensors (over the same memory).
            pin_memory: whether that memory is page-locked, for copies to a GPU; needs `torch`.
            frames: see `sample`.

        Raises:
            ValueError: before the first `add` of a buffer without spaces.
        """
        memory, layouts = self._known("empty_batch")
        batch_size = at_least("batch_size", batch_size, 1, LARGEST_BATCH)
        if not frames:
            return _empty_batch(layouts.transitions, memory.empty(batch_size), torch, pin_memory)
        arrays = memory.empty_frames(batch_size)
        layouts.frames.forget(arrays)
        return _empty_batch(layouts.frames, arrays, torch, pin_memory)

    @overload
    def empty_sequences(
        self,
        batch_size: int,
        length: int,
        *,
        burn_in: int = ...,
        n_step: int | None = ...,
        previous: bool = ...,
        torch: Literal[False] = ...,
        pin_memory: Literal[False] = ...,
    ) -> SequenceBatch[Array, ArrayObsT]: ...
    @overload
    def empty_sequences(
        self,
        batch_size: int,
        length: int,
        *,
        burn_in: int = ...,
        n_step: int | None = ...,
        previous: bool = ...,
        torch: Literal[True],
        pin_memory: bool = ...,
    ) -> SequenceBatch[torch.Tensor, TensorObsT]: ...
    @overload
    def empty_sequences(
        self,
        batch_size: int,
        length: int,
        *,
        burn_in: int = ...,
        n_step: int | None = ...,
        previous: bool = ...,
        torch: bool,
        pin_memory: bool = ...,
    ) -> SequenceBatch[Any]: ...
    def empty_sequences(
        self,
        batch_size: int,
        length: int,
        *,
        burn_in: int = 0,
        n_step: int | None = None,
        previous: bool = False,
        torch: bool = False,
        pin_memory: bool = False,
    ) -> Any:
        """Return a batch for `sample_sequences(out=...)`, which then allocates nothing.

        Args:
            batch_size: see `sample_sequences`.
            length: see `sample_sequences`.
            burn_in: see `sample_sequences`.
            n_step: see `sample_sequences`.
            previous: see `sample_sequences`.
            torch: see `empty_batch`.
            pin_memory: see `empty_batch`.

        Raises:
            ValueError: before the first `add` of a buffer without spaces, or if a number is out of range.
        """
        sizes = self._sequence_sizes(batch_size, length, burn_in, n_step)
        memory, layouts = self._known("empty_sequences")
        arrays = memory.empty_sequences(*sizes, bool(previous))
        return _empty_batch(layouts.sequences(bool(previous)), arrays, torch, pin_memory)


def _empty_batch(layout: BatchLayout, arrays: tuple[Array, ...], torch: bool, pin_memory: bool) -> Any:
    if pin_memory and not torch:
        raise ValueError("pin_memory: got True, expected torch=True with it")
    if pin_memory:
        from torch import from_numpy

        arrays = tuple(from_numpy(array).pin_memory().numpy() for array in arrays)
    batch = layout.assemble(arrays, arrays)
    return batch.torch() if torch else batch
