"""Checks of an array's dtype and shape; values are converted only if that does not change them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from dqn_fast.envs.errors import MisfitError
from dqn_fast.replay.fields import Field, as_array

_LONGEST = 80  # most characters of a value or a space in an error


def array_check(
    name: str, dtype: npt.DTypeLike, shape: tuple[int, ...], expected: str
) -> Callable[[Any], npt.NDArray[Any]]:
    """Return a function that converts a value to an array of a dtype and a shape.

    An array that has both is returned as it is. The function raises a `MisfitError` if the shape differs, or
    if a value would wrap, overflow or lose a fraction. Floats may be rounded to a narrower dtype.

    Args:
        name: of the value, for errors.
        dtype: of the result.
        shape: of value and result.
        expected: what the value should be, for errors.
    """
    field = Field.of(name, "observation", dtype, shape)
    kind = field.dtype

    def check(value: Any) -> npt.NDArray[Any]:
        if type(value) is np.ndarray and value.shape == shape:
            if value.dtype == kind:
                return value
            if value.dtype.kind == kind.kind == "f":  # many environments give float64 for float32
                with suppress(FloatingPointError), np.errstate(over="raise"):
                    return value.astype(kind)
        return _converted(field, value, one_line(expected))

    return check


def brief(value: Any) -> str:
    """Return a value as one short line; for a large array, its dtype, shape and range."""
    text = one_line(repr(value), most=None)
    if len(text) <= _LONGEST:
        return text
    if isinstance(value, np.ndarray) and value.size and value.dtype.kind in "biuf":
        return f"{value.dtype} of shape {value.shape} from {value.min()} to {value.max()}"
    return f"{text[:_LONGEST]} ..."


def one_line(value: Any, most: int | None = _LONGEST) -> str:
    """Return `str(value)` as one line, cut after `most` characters."""
    text = " ".join(str(value).split())
    return text if most is None or len(text) <= most else f"{text[:most]} ..."


def _converted(field: Field, value: Any, expected: str) -> npt.NDArray[Any]:
    try:
        array = as_array(field.name, value)
    except (TypeError, ValueError):
        raise MisfitError(f"{field.name}: got {brief(value)}, expected {expected}") from None
    if array.shape != field.shape:
        raise MisfitError(f"{field.name}: got shape {array.shape}, expected {field.shape}, as of {expected}")
    try:
        return field.convert(_in_narrow_kind(array, field.dtype.kind))
    except TypeError:
        raise MisfitError(
            f"{field.name}: got {brief(array)}, expected values that fit {field.dtype}, as of {expected}"
        ) from None


def _in_narrow_kind(array: npt.NDArray[Any], kind: str) -> npt.NDArray[Any]:
    """Return whole floats as integers, or zeros and ones as bool, if `kind` is that; else the array."""
    if kind == "f" or array.dtype.kind == "b" or (kind in "iu" and array.dtype.kind in "iu"):
        return array
    with np.errstate(invalid="ignore"):
        narrow = array.astype(np.bool_ if kind == "b" else np.int64)
    # Beyond 2**63 a cast has any result, which may be equal again after rounding.
    exact = (narrow == array) & (np.abs(array.astype(np.float64)) < 2.0**63)
    return narrow if exact.all() else array
