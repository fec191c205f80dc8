"""What `sample` returns: a batch of transitions, as arrays with one row each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy.typing as npt

if TYPE_CHECKING:
    import torch

ArrayT = TypeVar("ArrayT")


@dataclass(slots=True, eq=False)
class Batch(Generic[ArrayT]):
    """A batch of B transitions, in NumPy arrays or in torch tensors.

    The learner's target is `reward + discount * bootstrap(next_obs)`, for every transition.

    Attributes:
        obs: observations of the drawn steps, shape (B, ...), of the observation's dtype.
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

    obs: ArrayT
    action: ArrayT
    reward: ArrayT
    next_obs: ArrayT
    terminated: ArrayT
    truncated: ArrayT
    discount: ArrayT
    weights: ArrayT
    indices: ArrayT
    extra: dict[str, ArrayT]
    # The arrays that `sample(out=...)` writes to, in the order of the core.
    _arrays: tuple[npt.NDArray[Any], ...] = field(repr=False)

    def torch(self, device: torch.device | str | None = None) -> Batch[torch.Tensor]:
        """The same batch as tensors: over the same memory on the CPU, copied to another device."""
        import torch

        tensors = tuple(torch.from_numpy(array) for array in self._arrays)
        if device is not None:
            tensors = tuple(tensor.to(device) for tensor in tensors)
        return assemble(tensors, list(self.extra), self._arrays)


def assemble(
    values: tuple[ArrayT, ...], extra_names: list[str], arrays: tuple[npt.NDArray[Any], ...]
) -> Batch[ArrayT]:
    """A batch of the core's arrays (fields, next_obs, flags, discount, weights, indices)."""
    obs, action, reward = values[:3]
    after_extra = 3 + len(extra_names)
    next_obs, terminated, truncated, discount, weights, indices = values[after_extra:]
    extra = dict(zip(extra_names, values[3:after_extra], strict=True)) if extra_names else {}
    return Batch(
        obs, action, reward, next_obs, terminated, truncated, discount, weights, indices, extra, arrays
    )
