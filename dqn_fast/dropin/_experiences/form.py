"""The form of a field's first value, in which all of its values come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

_PYTHON_TYPES = {"b": bool, "i": int, "u": int, "f": float}


def plain(value: Any) -> Any:
    """Return a value as the buffer takes it fastest: tensors and lists become arrays, if possible views."""
    kind = type(value)
    if kind is np.ndarray or kind is int:
        return value
    if hasattr(value, "detach"):
        return value.detach().cpu().numpy()
    return np.asarray(value)


class Form:
    """Shape and dtype of a field's first value, and the device if it was a tensor."""

    def __init__(self, name: str, value: Any) -> None:
        array = np.asarray(plain(value))
        self.shape, self.dtype = array.shape, array.dtype
        self.device = value.device if hasattr(value, "detach") else None
        if name == "reward" and not (self.device and self.dtype.kind == "f"):
            # A first reward of 0 does not mean integers. Tensors become as wide as networks are.
            self.dtype = np.dtype(np.float32 if self.device else np.float64)

    def restorer(self, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Callable[[Any], Any] | None:
        """Return a function from a stored value to the one that was added; None if they are equal.

        For a tensor on the CPU, the function returns an array, which `wrapper` turns into a tensor.

        Args:
            dtype: of stored values.
            shape: of stored values.
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
        """Return a function from an array to a tensor over it; None unless tensors on the CPU were added."""
        if self.device is None or self.device.type != "cpu":
            return None
        import torch

        return torch.from_numpy

    def restore(self, array: Any, lead: tuple[int, ...]) -> Any:
        """Return stored values as they were added; their shape is `lead` and then the stored shape."""
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
