"""What `sample_segments` returns: whole segments of different lengths, packed without padding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dqn_fast.checks import at_least
from dqn_fast.replay.batch import ArrayBatch, ArrayT, BatchLayout, ObsT
from dqn_fast.replay.sequences import SequenceBatch

if TYPE_CHECKING:
    import numpy.typing as npt
    import torch

    from dqn_fast.replay.batch import TensorObsT


class SegmentBatch(ArrayBatch[ArrayT, ObsT]):
    """A batch of B segments of N steps together, packed, in arrays or in tensors; its length is B.

    There is a row for each stored step of the drawn segments, whatever its kind. The last row of a segment
    is its final or open observation. The target of each acted row is
    `reward + discount * value[bootstrap]`.

    Attributes:
        obs: observations, shape (N, ...); a dict of arrays for dict observations.
        action: shape (N, ...); zero where nobody acted.
        reward: n-step returns of the transitions that begin at the steps, as in `Batch`. Shape (N,).
        discount: what the bootstrap is multiplied by, as in `Batch`. Shape (N,).
        terminated: bool (N,), as in `Batch`.
        truncated: bool (N,), as in `Batch`.
        bootstrap: int64 (N,), the row of `obs` to bootstrap from; where nobody acted, the row itself.
        acted: bool (N,), whether the step has an action.
        offsets: int32 (B + 1,), where each segment begins, and N: FlashAttention's `cu_seqlens`, and the
            offsets of torch's nested tensors.
        complete: bool (B,), whether all steps from the segment's first are held, context included.
        weights: importance weights, float32 (B,).
        indices: int64 (B,), the first acted step of each segment that is held: it names the segment.
        step_indices: int64 (N,), of every acted step, else -1.
        extra: extra fields of the steps, by name, shape (N, ...); zero where nobody acted.
    """

    _counted = "segments"
    __slots__ = (
        "acted",
        "action",
        "bootstrap",
        "complete",
        "discount",
        "extra",
        "indices",
        "obs",
        "offsets",
        "reward",
        "step_indices",
        "terminated",
        "truncated",
        "weights",
    )

    obs: ObsT
    action: ArrayT
    reward: ArrayT
    discount: ArrayT
    terminated: ArrayT
    truncated: ArrayT
    bootstrap: ArrayT
    acted: ArrayT
    offsets: ArrayT
    complete: ArrayT
    weights: ArrayT
    indices: ArrayT
    step_indices: ArrayT
    extra: dict[str, ArrayT]

    def torch(self, device: torch.device | str | None = None) -> SegmentBatch[torch.Tensor, TensorObsT]:
        """Return the same batch as tensors: over the same memory on the CPU, copied to another device."""
        batch: SegmentBatch[torch.Tensor, TensorObsT] = self._as_tensors(device)
        return batch

    def padded(self) -> SequenceBatch[ArrayT, ObsT]:
        """Return the segments as sequences, one a row, each as wide as the longest.

        T is the most rows of a segment, less one. `learn` is `acted`, and `is_first` is `complete`. Of the
        same kind as this batch: arrays, or tensors on its device.
        """
        return self._padded(np.arange(len(self)))

    def buckets(self, k: int) -> list[SequenceBatch[ArrayT, ObsT]]:
        """Return the segments in `k` padded batches, shortest first, so that little is padding.

        Each is as wide as its longest segment. Their sizes differ by one at most; their weights are those
        of this batch.

        Raises:
            ValueError: if `k` is not from 1 to B.
        """
        if not 1 <= at_least("k", k, 1) <= len(self):
            raise ValueError(f"k: got {k}, expected 1 to {len(self)}, the segments of the batch")
        order = np.argsort(np.diff(self._array("offsets")), kind="stable")
        return [self._padded(which) for which in np.array_split(order, k)]

    def _padded(self, which: npt.NDArray[np.int64]) -> SequenceBatch[ArrayT, ObsT]:
        offsets = self._array("offsets").astype(np.int64)
        starts, lengths = offsets[which], np.diff(offsets)[which]
        columns = np.arange(int(lengths.max()))
        is_row = columns < lengths[:, None]
        rows = np.where(is_row, starts[:, None] + columns, 0)
        mask = (columns < lengths[:, None] - 1)[:, :-1]  # nothing is learned from the last row of each

        def spread(array: npt.NDArray[Any], cells: npt.NDArray[np.bool_], empty: int = 0) -> Any:
            result = array[rows[:, : cells.shape[1]]]
            result[~cells] = empty
            return result

        parts = {
            "bootstrap": np.where(mask, spread(self._array("bootstrap"), mask) - starts[:, None], 0),
            "step_indices": spread(self._array("step_indices"), mask, -1),
            "mask": mask,
            "learn": spread(self._array("acted"), mask),
            "is_first": self._array("complete")[which],
            "weights": self._array("weights")[which],
            "indices": self._array("indices")[which],
        }
        packed = dict(zip(self._layout.outputs, self._arrays, strict=True))
        outputs = [output for output in self._layout.outputs if output[0] in _PACKED]
        outputs += [(part, "") for part in parts]
        cells = {"obs": is_row}
        arrays = tuple(
            parts[part] if part in parts else spread(packed[part, name], cells.get(part, mask))
            for part, name in outputs
        )
        layout = BatchLayout(SequenceBatch, self._layout.structure, outputs)
        weights: Any = self.weights
        batch: Any = layout.assemble(arrays, arrays)  # of arrays, as yet
        if not isinstance(weights, np.ndarray):
            batch = batch.torch(weights.device)
        same: SequenceBatch[ArrayT, ObsT] = batch
        return same


# Parts that are padded as they are.
_PACKED = ("obs", "action", "reward", "extra", "discount", "terminated", "truncated", "acted")
