"""What the values of a field were when the first one came, so that they come back as they were added."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

_PYTHON_TYPES = {"b": bool, "i": int, "u": int, "f": float}


def plain(value: Any) -> Any:
    """A value as the memory takes it fastest: tensors and lists as arrays, over the same data if possible."""
    kind = type(value)
    if kind is np.ndarray or kind is int:
        return value
    if hasattr(value, "detach"):
        return value.detach().cpu().numpy()
    return np.asarray(value)


class Form:
    """What the first value of a field was: its shape and dtype, and the device if it was a tensor."""

    def __init__(self, name: str, value: Any) -> None:
        array = np.asarray(plain(value))
        self.shape, self.dtype = array.shape, array.dtype
        self.device = value.device if hasattr(value, "detach") else None
        if name == "reward" and not (self.device and self.dtype.kind == "f"):
            # A first reward of 0 says nothing of those to come. Tensors stay as wide as networks are.
            self.dtype = np.dtype(np.float32 if self.device else np.float64)

    def restorer(self, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Callable[[Any], Any] | None:
        """Return a function from a stored value, of this dtype and shape, to what was added; None if equal.

        For a tensor on the CPU it gives an array, and `wrapper` makes it a tensor.
        """
        is_same = (self.dtype, self.shape) == (dtype, shape)
        if self.device is None:
            if is_same:
                return None
            if not self.shape:
                return _PYTHON_TYPES[self.dtype.kind]
        elif self.wrapper() is not None:
            return None if is_same and self.shape else self._one_array
        return self._one

    def wrapper(self) -> Callable[[Any], Any] | None:
        """Return a function from an array to a tensor over it; None if none was added, or not on the CPU."""
        if self.device is None or self.device.type != "cpu":
            return None
        import torch

        return torch.from_numpy

    def restore(self, array: Any, lead: tuple[int, ...]) -> Any:
        """Values that the memory kept, of shape `lead` and the field's, as they were added."""
        array = self._array(array, lead)
        if self.device is None:
            return array
        import torch

        return torch.from_numpy(array).to(self.device)

    def _one(self, value: Any) -> Any:
        return self.restore(np.asarray(value), ())

    def _one_array(self, value: Any) -> Any:
        return self._array(np.asarray(value), ())

    def _array(self, array: Any, lead: tuple[int, ...]) -> Any:
        if array.dtype != self.dtype:
            array = array.astype(self.dtype)
        if array.shape != lead + self.shape:
            array = array.reshape(lead + self.shape)
        return array
