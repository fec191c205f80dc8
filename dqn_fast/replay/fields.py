"""One field of a step: what the first data or a space say of it, and how later data must fit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

# A value may move to the right, which keeps it; to the left it would change its kind.
_KINDS = {"b": 0, "u": 1, "i": 1, "f": 2}


# What `add`, `extend` and `Batch` call their own.
RESERVED = frozenset(
    {
        "obs",
        "action",
        "reward",
        "next_obs",
        "terminated",
        "truncated",
        "mask",
        "new_segment",
        "priority",
        "consecutive",
        "env",
        "frames",
        "starts",
        "discount",
        "weights",
        "indices",
        "extra",
        "final_obs",
        "final_mask",
        "complete",
    }
)


def as_array(name: str, value: Any) -> npt.NDArray[Any]:
    """Return the array that `value` stands for; torch tensors on the CPU are taken like arrays.

    Raises:
        TypeError: if it is not made of booleans, integers or floats.
        ValueError: if it is a ragged list.
    """
    try:
        array = tensor_numbers(value) if hasattr(value, "detach") else np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name}: got {_brief(value)}, expected an array: {error}") from error
    except (RuntimeError, TypeError) as error:
        raise TypeError(f"{name}: got {_brief(value)}, expected an array: {error}") from error
    if array.dtype.kind not in _KINDS:
        raise TypeError(f"{name}: got {_brief(value)} of dtype {array.dtype}, expected numbers")
    return array


def tensor_numbers(tensor: Any) -> npt.NDArray[Any]:
    """Return an array over a tensor on the CPU; of floats that NumPy lacks (bfloat16), a copy in float32.

    Raises:
        RuntimeError: if its numbers cannot be read where they are.
        TypeError: if they are of no such type, or on another device.
    """
    tensor = tensor.detach()
    try:
        array: npt.NDArray[Any] = tensor.numpy()
    except TypeError:
        if not (tensor.is_cpu and tensor.dtype.is_floating_point):
            raise
        array = tensor.float().numpy()
    return array


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"a {type(value).__name__}"


class Field(NamedTuple):
    """One named array of a step, as the core takes it: `role` is observation, action, reward or extra.

    An observation may be a stack of `frames` along `frame_axis`. The dtype is in native byte order.
    """

    name: str
    role: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    frames: int = 1
    frame_axis: int = 0

    @classmethod
    def of(cls, name: str, role: str, dtype: Any, shape: tuple[int, ...]) -> Field:
        """Return the field of values of this dtype, in any byte order.

        Raises:
            TypeError: if it is not a dtype.
        """
        # NumPy has one object for each type in native byte order: the core compares by identity.
        return cls(name, role, np.dtype(np.dtype(dtype).type), shape)

    @property
    def nbytes(self) -> int:
        """Bytes that a step stores: of a stack, one frame."""
        return math.prod(self.shape) * self.dtype.itemsize // self.frames

    @property
    def frame_shape(self) -> tuple[int, ...]:
        """Shape of one frame of a stack; of what is none, its own."""
        if self.frames == 1:
            return self.shape
        axis = self.frame_axis
        return (*self.shape[:axis], self.shape[axis] // self.frames, *self.shape[axis + 1 :])

    def to_json(self) -> list[Any]:
        """Return what `from_json` makes the same field of."""
        return [self.name, self.role, self.dtype.name, list(self.shape), self.frames, self.frame_axis]

    @classmethod
    def from_json(cls, data: list[Any]) -> Field:
        """Return the field that `to_json` described."""
        name, role, dtype, shape, frames, frame_axis = data
        return cls(name, role, np.dtype(dtype), tuple(shape), frames, frame_axis)

    def stacked(self, frames: int, axis: int) -> Field:
        """Return the same field as a stack of frames.

        Raises:
            ValueError: if its shape has no such axis, or one of another length.
        """
        if frames == 1:
            return self
        if not -len(self.shape) <= axis < len(self.shape):
            raise ValueError(f"frame_axis: got {axis}, expected an axis of {self.name} of shape {self.shape}")
        if self.shape[axis] % frames != 0 or self.shape[axis] == 0:
            raise ValueError(
                f"frame_stack: got {frames}, expected a divisor of {self.shape[axis]}, the length of axis "
                f"{axis} of {self.name}"
            )
        return self._replace(frames=frames, frame_axis=axis % len(self.shape))

    def convert(self, value: Any, leading: tuple[int, ...] = (), name: str | None = None) -> npt.NDArray[Any]:
        """Return a fresh array of this dtype and of shape `leading + shape`, equal to `value`.

        Floats may be rounded to a narrower type; nothing else may be lost.

        Raises:
            TypeError: if a value would wrap, overflow, lose a fraction or change its kind.
            ValueError: if the shape differs.
        """
        name = name or self.name
        array = as_array(name, value)
        shape = leading + self.shape
        if array.shape != shape:
            raise ValueError(f"{name}: got shape {array.shape}, expected {shape}")
        if _KINDS[array.dtype.kind] > _KINDS[self.dtype.kind]:
            raise TypeError(f"{name}: got dtype {array.dtype}, expected {self.dtype} (another kind of value)")
        result = np.empty(shape, self.dtype)
        with np.errstate(all="ignore"):
            np.copyto(result, array, casting="unsafe")
            if not _kept(array, result):
                came = f"{_brief(value)} of dtype {array.dtype}"
                raise TypeError(f"{name}: got {came}, expected values that fit {self.dtype}")
        return result


def _kept(before: npt.NDArray[Any], after: npt.NDArray[Any]) -> bool:
    if before.dtype.kind == "f":
        return bool(np.array_equal(np.isfinite(before), np.isfinite(after)))
    wrapped = (before < 0) != (after < 0)
    return not wrapped.any() and bool(np.array_equal(after.astype(before.dtype), before))


def infer(name: str, role: str, value: Any, leading: tuple[int, ...]) -> Field:
    """Return the field that a first value of shape `leading + ...` stands for.

    Arrays, tensors and NumPy scalars keep their dtype; Python numbers and lists of them become
    float32, int64 or bool. A reward is float32 unless it comes as an array of float64.
    """
    array = as_array(name, value)
    if array.shape[: len(leading)] != leading:
        raise ValueError(f"{name}: got shape {array.shape}, expected {leading} first")
    if role == "reward":
        wide = array.dtype == np.float64 and hasattr(value, "dtype") and not isinstance(value, np.generic)
        dtype: Any = np.float64 if wide else np.float32
    elif hasattr(value, "dtype"):
        dtype = array.dtype
    else:
        python_types = {"b": np.bool_, "u": np.int64, "i": np.int64, "f": np.float32}
        dtype = python_types[array.dtype.kind]
    return Field.of(name, role, dtype, array.shape[len(leading) :])


def from_space(name: str, role: str, space: Any) -> Field:
    """Return the field of a Gymnasium space: Box, Discrete, MultiBinary or MultiDiscrete.

    Raises:
        TypeError: if the space has no single shape and dtype.
    """
    shape, dtype = getattr(space, "shape", None), getattr(space, "dtype", None)
    if shape is None or dtype is None or np.dtype(dtype).kind not in _KINDS:
        space_name = "observation_space" if role == "observation" else "action_space"
        raise TypeError(f"{space_name}: got {space!r}, expected a space with one shape and a numeric dtype")
    return Field.of(name, role, dtype, tuple(shape))


def declared(name: str, spec: Any) -> Field:
    """Return the extra field that an entry `{name: (shape, dtype)}` of `extra_fields` declares.

    Raises:
        TypeError: if the entry is not of this form, or the dtype is not numeric.
        ValueError: if the name means something else in `add`, `extend` or `Batch`.
    """
    if name in RESERVED:
        raise ValueError(f"extra_fields: got the name {name!r}, expected one that is not {sorted(RESERVED)}")
    try:
        shape, dtype = spec
        field = Field.of(name, "extra", dtype, tuple(int(n) for n in shape))
    except (TypeError, ValueError) as error:
        raise TypeError(f"extra_fields[{name!r}]: got {spec!r}, expected (shape, dtype)") from error
    if any(length < 0 for length in field.shape):
        raise ValueError(f"extra_fields[{name!r}]: got shape {field.shape}, expected no negative length")
    if field.dtype.kind not in _KINDS:
        raise TypeError(f"extra_fields[{name!r}]: got dtype {field.dtype}, expected a numeric one")
    return field
