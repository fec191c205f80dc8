"""From torchrl's indices to leaves and back: flat or of several dimensions, tensors or numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import torch


def leaves_of(index: Any, storage: Any) -> npt.NDArray[np.int64]:
    """Return where items lie in a storage that is read row by row, whatever its number of dimensions.

    Args:
        index: an int, integers of shape (B,) for a storage of one dimension, of shape (..., ndim) for one of
            ndim, or a tuple of ndim tensors. An item that was not stored has -1, and keeps it.
        storage: whose shape says how the dimensions go together; None: of one dimension.

    Returns:
        int64 of the index's shape, without its last axis if that was one of dimensions.

    Raises:
        RuntimeError: if there are several dimensions, and no storage that knows its shape.
        TypeError: if they are not integers.
    """
    if isinstance(index, tuple):
        index = torch.stack([torch.as_tensor(one) for one in index], -1)
    tensor = torch.as_tensor(index)
    if tensor.dtype != torch.int64:
        if tensor.numel() and (tensor.is_floating_point() or tensor.dtype == torch.bool):
            raise TypeError(f"index: got dtype {tensor.dtype}, expected integers")
        tensor = tensor.long()
    array = tensor.detach().cpu().numpy()
    if array.ndim <= 1:
        return np.ascontiguousarray(array)
    shape = getattr(storage, "shape", None)
    if shape is None:
        raise RuntimeError(
            f"storage: got {storage!r}, expected the storage and its shape for an index of {array.ndim} axes"
        )
    steps = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    leaves: npt.NDArray[np.int64] = array @ np.array(steps[: array.shape[-1]], np.int64)
    return np.where((array < 0).any(-1), -1, leaves)


def distinct(leaves: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return each leaf once; those that ascend, as most do, as they are."""
    return leaves if (leaves[1:] > leaves[:-1]).all() else np.unique(leaves)


def index_of(leaves: npt.NDArray[np.int64], storage: Any) -> torch.Tensor | tuple[torch.Tensor, ...]:
    """Return torchrl's index of leaves: a tensor (B,), or one for each dimension of the storage."""
    if getattr(storage, "ndim", 1) == 1:
        return torch.from_numpy(leaves)
    return tuple(torch.from_numpy(one) for one in np.unravel_index(leaves, tuple(storage.shape)))


def priorities_of(priority: Any, leaves: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """Return one priority for each leaf, of shape (B,), from one for all or from as many.

    Raises:
        RuntimeError: if there are more or fewer.
    """
    tensor = torch.as_tensor(priority).detach()
    if tensor.dtype not in (torch.float32, torch.float64):
        tensor = tensor.double()
    array: npt.NDArray[Any] = tensor.cpu().numpy()
    if array.size == 1:
        return np.full(leaves.size, array.reshape(()))
    if array.size != leaves.size:
        raise RuntimeError(
            "priority should be a number or an iterable of the same length as index. Got priority of shape "
            f"{tuple(array.shape)} and index {leaves.shape}."
        )
    return np.ascontiguousarray(array.reshape(-1))
