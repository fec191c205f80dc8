"""What `sample` returns: a batch of transitions, as arrays with one row each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from dqn_fast.replay.structure import Structure

if TYPE_CHECKING:
    import numpy.typing as npt
    import torch

ArrayT = TypeVar("ArrayT")
_FIELDS = (
    "obs",
    "action",
    "reward",
    "next_obs",
    "terminated",
    "truncated",
    "discount",
    "weights",
    "indices",
    "extra",
)


class Batch(Generic[ArrayT]):
    """A batch of B transitions, in NumPy arrays or in torch tensors.

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

    __slots__ = (*_FIELDS, "_arrays", "_layout")

    obs: Any
    action: ArrayT
    reward: ArrayT
    next_obs: Any
    terminated: ArrayT
    truncated: ArrayT
    discount: ArrayT
    weights: ArrayT
    indices: ArrayT
    extra: dict[str, ArrayT]
    # The arrays that `sample(out=...)` writes to, in the order of the core.
    _arrays: tuple[npt.NDArray[Any], ...]
    _layout: BatchLayout

    def __repr__(self) -> str:
        return f"Batch({', '.join(f'{name}={getattr(self, name)!r}' for name in _FIELDS)})"

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        return sum(array.nbytes for array in self._arrays)

    def rows(self, begin: int, end: int) -> Batch[npt.NDArray[Any]]:
        """The rows from `begin` up to `end` as a batch of arrays over the same memory (bounds of a slice)."""
        arrays = tuple(array[begin:end] for array in self._arrays)
        return self._layout.assemble(arrays, arrays)

    def torch(self, device: torch.device | str | None = None) -> Batch[torch.Tensor]:
        """The same batch as tensors: over the same memory on the CPU, copied to another device."""
        import torch

        tensors = tuple(torch.from_numpy(array) for array in self._arrays)
        if device is not None:
            tensors = tuple(tensor.to(device) for tensor in tensors)
        return self._layout.assemble(tensors, self._arrays)


class BatchLayout:
    """Which of the core's arrays is what: observations, action, reward, extra fields, next_obs, flags."""

    __slots__ = ("_is_flat", "extra_names", "structure")

    def __init__(self, structure: Structure, extra_names: tuple[str, ...]) -> None:
        self.structure, self.extra_names = structure, extra_names
        self._is_flat = structure.is_plain and not extra_names

    def is_like(self, other: BatchLayout) -> bool:
        """Whether both say the same of the core's arrays."""
        return self is other or (
            self.structure.paths == other.structure.paths and self.extra_names == other.extra_names
        )

    def assemble(self, values: tuple[ArrayT, ...], arrays: tuple[npt.NDArray[Any], ...]) -> Batch[ArrayT]:
        """A batch of arrays or tensors in the core's order."""
        batch: Batch[ArrayT] = Batch()
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
        leaves, extras = len(self.structure.paths), len(self.extra_names)
        batch.obs = self.structure.unflatten(values[:leaves])
        batch.action, batch.reward = values[leaves : leaves + 2]
        values = values[leaves + 2 :]
        batch.extra = dict(zip(self.extra_names, values[:extras], strict=True))
        batch.next_obs = self.structure.unflatten(values[extras : extras + leaves])
        (
            batch.terminated,
            batch.truncated,
            batch.discount,
            batch.weights,
            batch.indices,
        ) = values[extras + leaves :]
        return batch
