"""What `sample` returns: a batch of transitions, as arrays with one row each."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from dqn_fast.structure import Structure

if TYPE_CHECKING:
    import numpy.typing as npt
    import torch

ArrayT = TypeVar("ArrayT")


@dataclass(slots=True, eq=False)
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
    _arrays: tuple[npt.NDArray[Any], ...] = field(repr=False)
    _layout: BatchLayout = field(repr=False)

    def torch(self, device: torch.device | str | None = None) -> Batch[torch.Tensor]:
        """The same batch as tensors: over the same memory on the CPU, copied to another device."""
        import torch

        tensors = tuple(torch.from_numpy(array) for array in self._arrays)
        if device is not None:
            tensors = tuple(tensor.to(device) for tensor in tensors)
        return self._layout.assemble(tensors, self._arrays)


@dataclass(frozen=True)
class BatchLayout:
    """Which of the core's arrays is what: observations, action, reward, extra fields, next_obs, flags."""

    structure: Structure
    extra_names: tuple[str, ...]

    @cached_property
    def _is_flat(self) -> bool:
        return self.structure.is_plain and not self.extra_names

    def assemble(self, values: tuple[ArrayT, ...], arrays: tuple[npt.NDArray[Any], ...]) -> Batch[ArrayT]:
        """A batch of arrays or tensors in the core's order."""
        if self._is_flat:  # the core's order is that of the attributes
            batch: Batch[ArrayT] = object.__new__(Batch)  # past __init__, which takes as long again
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
            batch.extra, batch._arrays, batch._layout = {}, arrays, self
            return batch
        action = len(self.structure.paths)
        after_extra = action + 2 + len(self.extra_names)
        after_next = after_extra + action
        terminated, truncated, discount, weights, indices = values[after_next:]
        return Batch(
            self.structure.unflatten(values[:action]),
            values[action],
            values[action + 1],
            self.structure.unflatten(values[after_extra:after_next]),
            terminated,
            truncated,
            discount,
            weights,
            indices,
            dict(zip(self.extra_names, values[action + 2 : after_extra], strict=True)),
            arrays,
            self,
        )
