"""What `sample` returns: a batch of transitions, as arrays with one row each."""

from __future__ import annotations

from types import GenericAlias
from typing import TYPE_CHECKING, Any, ClassVar, Generic

from dqn_fast.replay.describe import describe, one_line
from dqn_fast.replay.structure import Structure

# What type checkers see: `Batch` alone is one of arrays, and observations are of the same kind, unless a
# variable is declared to be more: `batch: Batch[Array, dict[str, Array]] = buffer.sample(32)`.
if TYPE_CHECKING:
    import numpy.typing as npt
    import torch
    from typing_extensions import TypeVar

    Array = npt.NDArray[Any]
    ArrayT = TypeVar("ArrayT", default=Array)
    ObsT = TypeVar("ObsT", default=ArrayT)
    ArrayObsT = TypeVar("ArrayObsT", default=Array)
    TensorObsT = TypeVar("TensorObsT", default=torch.Tensor)
else:
    from typing import TypeVar

    ArrayT, ObsT = TypeVar("ArrayT"), TypeVar("ObsT")


class ArrayBatch(Generic[ArrayT, ObsT]):
    """What batches of all views have in common: the core's arrays, each under the name of its part."""

    __slots__ = ("_arrays", "_layout")

    # The arrays that `out=` writes to, in the order of the core.
    _arrays: tuple[Array, ...]
    _layout: BatchLayout
    _counted: ClassVar[str]  # what its length counts

    if not TYPE_CHECKING:  # `Batch[Tensor]` is one of two parameters: typing's own refuses that before 3.13
        __class_getitem__ = classmethod(GenericAlias)

    def __repr__(self) -> str:
        parts = {part: describe(getattr(self, part)) for part in self._layout.parts}
        return one_line(type(self).__name__, f"{len(self):,} {self._counted}", parts)

    def __len__(self) -> int:
        return len(self._array("indices"))

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how to make the batch again: arrays, or tensors on the CPU over them."""
        is_of_tensors = getattr(self, "indices") is not self._array("indices")  # noqa: B009
        return _again, (self._layout, self._arrays, is_of_tensors)

    def _array(self, part: str) -> Array:
        """Return a part that is one array, as NumPy's."""
        return self._arrays[[name for name, _ in self._layout.outputs].index(part)]

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        return sum(array.nbytes for array in self._arrays)

    def _as_tensors(self, device: torch.device | str | None) -> Any:
        import torch

        tensors = tuple(torch.from_numpy(array) for array in self._arrays)
        if device is not None:
            tensors = tuple(tensor.to(device) for tensor in tensors)
        return self._layout.assemble(tensors, self._arrays)


class Batch(ArrayBatch[ArrayT, ObsT]):
    """A batch of B transitions, in NumPy arrays or in torch tensors; its length is B.

    The learner's target is `reward + discount * bootstrap(next_obs)`, for every transition.

    Attributes:
        obs: observations of the drawn steps, shape (B, ...), of the observation's dtype; a dict of
            arrays for dict observations.
        action: shape (B, ...), of the action's dtype.
        reward: n-step returns, shape (B,): rewards of the k steps that the transition spans,
            discounted; k is n, or fewer where the segment or the recording ends.
        next_obs: the observation after the last of these steps, true also at truncation.
        terminated: bool (B,), whether that last step ended in a terminal state.
        truncated: bool (B,), whether it was cut off from outside, such as by a time limit.
        discount: what the bootstrap is multiplied by: gamma ** k, or 0 where terminated. Shape (B,),
            of the reward's dtype.
        weights: importance weights, float32 (B,); ones in a uniform buffer.
        indices: int64 (B,), names of the drawn steps for `update_priorities`.
        extra: extra fields of the drawn steps, by name.
    """

    _counted = "transitions"
    __slots__ = (
        "action",
        "discount",
        "extra",
        "indices",
        "next_obs",
        "obs",
        "reward",
        "terminated",
        "truncated",
        "weights",
    )

    obs: ObsT
    action: ArrayT
    reward: ArrayT
    next_obs: ObsT
    terminated: ArrayT
    truncated: ArrayT
    discount: ArrayT
    weights: ArrayT
    indices: ArrayT
    extra: dict[str, ArrayT]

    def rows(self, begin: int, end: int) -> Batch[Array]:
        """Return the rows from `begin` up to `end` over the same memory (bounds of a slice)."""
        arrays = tuple(array[begin:end] for array in self._arrays)
        batch: Batch[Array] = self._layout.assemble(arrays, arrays)
        return batch

    def torch(self, device: torch.device | str | None = None) -> Batch[torch.Tensor, TensorObsT]:
        """Return the same batch as tensors: over the same memory on the CPU, copied to another device."""
        batch: Batch[torch.Tensor, TensorObsT] = self._as_tensors(device)
        return batch


def _again(layout: BatchLayout, arrays: tuple[Array, ...], is_of_tensors: bool) -> Any:
    batch = layout.assemble(arrays, arrays)
    return batch.torch() if is_of_tensors else batch


_OBSERVATIONS: tuple[str, ...] = ("obs", "next_obs", "frames", "frame_index", "next_frame_index")
_IN_ORDER = [
    "obs",
    "action",
    "reward",
    "next_obs",
    "terminated",
    "truncated",
    "discount",
    "weights",
    "indices",
]


class BatchLayout:
    """Which of the core's arrays is which part of a batch.

    Args:
        batch_class: the view's.
        structure: of observations.
        outputs: part and field's name of each array, as the core names them.
    """

    __slots__ = (
        "_extra",
        "_extra_names",
        "_is_flat",
        "_observations",
        "_single",
        "batch_class",
        "outputs",
        "parts",
        "structure",
    )

    def __init__(
        self, batch_class: type[ArrayBatch[Any, Any]], structure: Structure, outputs: list[tuple[str, str]]
    ) -> None:
        self.batch_class, self.structure, self.outputs = batch_class, structure, outputs
        parts = [part for part, _ in outputs]
        self.parts = [part for part in dict.fromkeys(parts) if part != "extra"] + ["extra"]
        self._is_flat = structure.is_plain and parts == _IN_ORDER
        self._extra_names = [name for part, name in outputs if part == "extra"]

        def place(part: str) -> slice:  # arrays of one part follow one another
            first = parts.index(part) if part in parts else 0
            return slice(first, first + parts.count(part))

        self._extra = place("extra")
        self._observations = [(part, place(part)) for part in _OBSERVATIONS if part in parts]
        several = (*_OBSERVATIONS, "extra")
        self._single = [(part, at) for at, part in enumerate(parts) if part not in several]

    def is_like(self, other: BatchLayout) -> bool:
        """Return whether both say the same of the core's arrays."""
        return self is other or (
            self.structure.paths == other.structure.paths
            and self.outputs == other.outputs
            and self.batch_class is other.batch_class
        )

    def assemble(self, values: tuple[Any, ...], arrays: tuple[Array, ...]) -> Any:
        """Return a batch of arrays or tensors in the core's order."""
        batch: Any = self.batch_class()
        batch._arrays, batch._layout = arrays, self
        if self._is_flat:  # the core's order is that of the attributes
            (
                batch.obs,
                batch.action,
                batch.reward,
                batch.next_obs,
                batch.terminated,
                batch.truncated,
                batch.discount,
                batch.weights,
                batch.indices,
            ) = values
            batch.extra = {}
            return batch
        for name, where in self._observations:
            setattr(batch, name, self.structure.unflatten(values[where]))
        batch.extra = dict(zip(self._extra_names, values[self._extra], strict=True))
        for name, at in self._single:
            setattr(batch, name, values[at])
        return batch
