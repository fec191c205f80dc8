"""The form of a field's first value, in which all of its values come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dqn_fast.replay.fields import Field, as_array, tensor_numbers

_PYTHON_TYPES = {"b": bool, "i": int, "u": int, "f": float}


def plain(value: Any) -> Any:
    """Return a value as the buffer takes it fastest: tensors and lists become arrays, if possible views."""
    kind = type(value)
    if kind is np.ndarray or kind is int:
        return value
    if hasattr(value, "detach"):
        return tensor_numbers(value.cpu())
    return np.asarray(value)


def named(name: str, value: Any) -> np.ndarray[Any, Any]:
    """Return the array that a value stands for.

    Raises:
        TypeError: if it is not made of numbers; the message begins with the name.
        ValueError: if it is a ragged list.
    """
    return as_array(name, value.cpu() if hasattr(value, "detach") else value)


class Form:
    """Shape and dtype of a field's values, and the device if the first was a tensor.

    Attributes:
        shape: of the first value, and so of every one.
        dtype: what the first value fixed, or wider (see `Experiences`).
        device: None unless the first value was a tensor.
        tensor_dtype: its dtype if NumPy has none like it (bfloat16); None otherwise.
        has_mark: whether one more number is stored behind each value: 1 if it was None, else 0.
    """

    tensor_dtype: Any = None
    has_mark = False

    def __init__(self, name: str, value: Any) -> None:
        array = named(name, value)
        self.shape, self.dtype = array.shape, array.dtype
        self.device = value.device if hasattr(value, "detach") else None
        if name == "reward" and not (self.device and self.dtype.kind == "f"):
            # A first reward of 0 does not mean integers. Tensors become as wide as networks are.
            self.dtype = np.dtype(np.float32 if self.device else np.float64)
        elif self.device is not None and str(value.dtype) != f"torch.{self.dtype}":
            self.tensor_dtype = value.dtype

    def stored(self, name: str, value: Any) -> Any:
        """Return a value as the buffer takes it, with its mark.

        Raises:
            TypeError: if it is of another kind.
            ValueError: if its shape differs.
        """
        numbers = np.zeros(self.shape, self.dtype)
        if value is not None:
            numbers = Field.of(name, "observation", self.dtype, self.shape).convert(plain(value))
        return self.marked(numbers, np.bool_(value is None)) if self.has_mark else numbers

    def marked(self, values: Any, absent: Any) -> Any:
        """Flatten values of shape `leading + shape` to `leading + (size + 1,)`: each with its mark behind it.

        Args:
            values: zeros where there is none.
            absent: bool, of shape `leading`: where there is none.
        """
        flat = np.reshape(values, (*absent.shape, -1) if np.size(values) else (*absent.shape, 0))
        return np.concatenate([flat, absent.astype(self.dtype)[..., None]], -1)

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
            if not self.shape and not self.has_mark:
                return _PYTHON_TYPES[self.dtype.kind]
        elif self.wrapper() is not None:
            return None if is_same and self.shape else self._one_array
        return self._one

    def wrapper(self) -> Callable[[Any], Any] | None:
        """Return a function from an array to a tensor over it; None unless tensors on the CPU were added.

        None, too, if the value may be None, or the tensor is not one over the array.
        """
        if self.device is None or self.device.type != "cpu" or self.has_mark or self.tensor_dtype is not None:
            return None
        import torch

        return torch.from_numpy

    def restore(self, array: Any, leading: tuple[int, ...]) -> Any:
        """Return stored values, of shape `leading + ...`, as they were added; zeros for None."""
        array = self.array(array, leading)
        if self.device is None:
            return array
        import torch

        return torch.from_numpy(array).to(self.device, self.tensor_dtype)

    def _one(self, value: Any) -> Any:
        array = np.asarray(value)
        if self.has_mark and array[-1]:
            return None
        restored = self.restore(array, ())
        return restored if self.shape or self.device is not None else restored.item()

    def _one_array(self, value: Any) -> Any:
        return self.array(np.asarray(value), ())

    def array(self, array: Any, leading: tuple[int, ...]) -> Any:
        """Return stored values as arrays, zeros for None; see `restore`."""
        if self.has_mark:
            array = array[..., :-1]
        if array.dtype != self.dtype:
            array = array.astype(self.dtype)
        if array.shape != leading + self.shape:
            array = array.reshape(leading + self.shape)
        return array
