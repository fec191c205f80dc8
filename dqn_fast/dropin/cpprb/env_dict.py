"""The values that cpprb's `env_dict` describes, in cpprb's form and in the buffer's."""

from __future__ import annotations

import math
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import numpy as np


class Field:
    """Shape and dtype of one value of a transition. The buffer takes a value of shape 1 as a number."""

    def __init__(self, spec: dict[str, Any], default_dtype: Any) -> None:
        self.shape = tuple(int(n) for n in np.atleast_1d(spec.get("shape", 1)))
        self.dtype = np.dtype(spec.get("dtype", default_dtype))
        self.is_number = self.shape == (1,)
        self.core_shape = () if self.is_number else self.shape
        self.size = math.prod(self.shape)
        self.is_stack = False

    @property
    def space(self) -> Any:
        """What the buffer takes for a space."""
        return SimpleNamespace(shape=self.core_shape, dtype=self.dtype)

    def make_stack(self) -> None:
        """Make it a stack of frames. cpprb has the frames on the last axis, the buffer on the first."""
        self.is_stack = True
        self.core_shape = (self.shape[-1], *self.shape[:-1])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Field) and (self.shape, self.dtype) == (other.shape, other.dtype)

    __hash__ = None  # type: ignore[assignment]

    def one(self, name: str, value: Any) -> Any:
        """Return the value of one transition as the buffer takes it fastest."""
        if self.is_number and isinstance(value, float | int):
            if self.dtype.kind == "f":
                return float(value)
            if self.dtype.kind != "b" and type(value) is int:
                return value
        is_exact = type(value) is np.ndarray and value.dtype is self.dtype and value.shape == self.shape
        if is_exact and self.shape == self.core_shape and not self.is_stack:
            return value
        array = self.core(self.rows(name, value, 1))[0]
        return array.item() if self.is_number else array

    def rows(self, name: str, value: Any, count: int) -> Any:
        """Return the values of `count` transitions in this dtype and in cpprb's shape.

        Raises:
            TypeError: if a value does not fit the dtype; floats may be rounded.
            ValueError: if the number of values differs.
        """
        array = np.asarray(value)
        if array.size != count * self.size:
            raise ValueError(f"{name}: got shape {array.shape}, expected {count} times {self.shape}")
        result = array.astype(self.dtype)
        is_rounded = result.dtype.kind == array.dtype.kind == "f"
        if result.dtype != array.dtype and not is_rounded and not np.array_equal(result, array):
            raise TypeError(f"{name}: got {array.dtype}, expected values that fit {self.dtype}")
        return result.reshape(count, *self.shape)

    def core(self, rows: Any) -> Any:
        """Return rows in the buffer's shape."""
        if self.is_stack:
            return np.ascontiguousarray(np.moveaxis(rows, -1, 1))
        return rows.reshape(len(rows)) if self.is_number else rows

    def restored(self, values: Any) -> Any:
        """Return the buffer's rows in cpprb's shape."""
        if self.is_stack:
            return np.moveaxis(values, 1, -1)
        return values[:, None] if self.is_number else values


def names_of(option: str | Iterable[str] | None) -> list[str]:
    """Return the names of an option that takes none, one or many."""
    if option is None:
        return []
    return [option] if isinstance(option, str) else [str(name) for name in option]


NOTHING = {"": 0}  # stands for the observation where no value is one
_CONSTANT = {"": Field({"shape": ()}, np.int8)}  # the field of NOTHING


def spaces_of(fields: dict[str, Field]) -> Any:
    """Return the space of observations with these fields; that of NOTHING if there are none."""
    return unwrapped({name: field.space for name, field in (fields or _CONSTANT).items()})


def unwrapped(values: dict[str, Any]) -> Any:
    """Return the only value of a dict; the dict itself if it has several."""
    return next(iter(values.values())) if len(values) == 1 else values
