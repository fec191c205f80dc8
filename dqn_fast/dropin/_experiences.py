"""Experiences `(state, action, reward, next_state, done)`: into a replay buffer, and back as they came."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from dqn_fast.checks import at_least
from dqn_fast.dropin._distinct import sample_distinct
from dqn_fast.replay import ReplayBuffer
from dqn_fast.replay.fields import Field
from dqn_fast.replay.schema import FLAG

NAMES = ("state", "action", "reward", "next_state", "done")
_PYTHON_TYPES = {"b": bool, "i": int, "u": int, "f": float}


class Experiences:
    """A replay buffer that takes and gives experiences; the first one says what they are made of.

    Columns have the dtypes and shapes that NumPy gives a list of what was added, and are tensors where
    tensors were added. Rewards are kept in float64, as Python keeps them.

    Args:
        name: of the argument that `capacity` is.
        capacity: experiences to hold, the newest ones.
    """

    def __init__(self, name: str, capacity: int) -> None:
        at_least(name, capacity, 1)
        # The originals draw from `random`: so does the seed, and `random.seed` still decides all.
        self.buffer = ReplayBuffer(capacity, seed=random.getrandbits(64))
        self._forms: tuple[_Form, ...] = ()
        self._unlike: list[tuple[int, _Form]] = []  # fields that the memory keeps in another form
        self.restore: tuple[Callable[[Any], Any] | None, ...] = ()
        """For each field what makes of one value of the memory what was added; None if it is the same."""
        self.wrap: tuple[Callable[[Any], Any] | None, ...] = ()
        """For each field what then makes of an array a tensor over its memory; None if that is not due."""

    def __len__(self) -> int:
        return len(self.buffer)

    def add(self, state: Any, action: Any, reward: Any, next_state: Any, done: Any) -> None:
        """Adds one.

        Raises:
            TypeError: if a value is of another kind than the first one was.
            ValueError: if a shape differs, or `done` is neither 0 nor 1.
        """
        ended = done if type(done) is bool else _flag(done)
        gain = reward if type(reward) is float else number(reward)
        forms = self._forms
        if not forms:
            named = zip(NAMES, (state, action, reward, next_state, done), strict=True)
            forms = tuple(_Form(name, value) for name, value in named)
            gain = np.asarray(gain, np.float64)
        self.buffer.add(plain(state), plain(action), gain, plain(next_state), ended)
        if self._forms is not forms:
            schema = self.buffer._intake.schema
            assert schema is not None  # a step was added
            (obs,) = schema.obs
            kept = (obs, schema.action, schema.reward, obs, FLAG)
            self._forms = forms
            self.restore = tuple(form.restorer(field) for form, field in zip(forms, kept, strict=True))
            self.wrap = tuple(form.wrapper() for form in forms)
            self._unlike = [(at, form) for at, form in enumerate(forms) if self.restore[at] or self.wrap[at]]

    def sample(self, batch_size: int) -> tuple[Any, ...]:
        """States, actions, rewards, next states and dones of different experiences, `batch_size` rows each.

        Raises:
            ValueError: see `sample_distinct`.
        """
        columns = sample_distinct(self.buffer, batch_size)
        if not self._unlike:
            return columns
        restored: list[Any] = list(columns)
        for at, form in self._unlike:
            restored[at] = form.restore(columns[at], columns[at].shape[:1])
        return tuple(restored)


def rows(columns: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    """The experiences in columns, as tuples of five; numbers are Python's."""
    return zip(*(_items(column) for column in columns), strict=True)


def plain(value: Any) -> Any:
    """A value as the memory takes it fastest: tensors and lists as arrays, over the same data if possible."""
    kind = type(value)
    if kind is np.ndarray or kind is int:
        return value
    if hasattr(value, "detach"):
        return value.detach().cpu().numpy()
    return np.asarray(value)


def number(value: Any) -> Any:
    """A scalar, or the only element of an array or tensor, as a Python number."""
    return value.item() if hasattr(value, "item") else value


def _flag(done: Any) -> bool:
    value = number(done)
    if value not in (0, 1):
        raise ValueError(f"done: got {done!r}, expected a bool, 0 or 1")
    return bool(value)


def _items(column: Any) -> Any:
    if isinstance(column, np.ndarray):
        return column.tolist() if column.ndim == 1 else column
    has_one_number = column.numel() == len(column)  # in each row: torch.tensor takes a list of those
    if has_one_number or not column.is_cpu:
        return column.unbind()
    from dqn_fast.dropin._tensor_rows import tensor_rows

    return tensor_rows(column.numpy())


class _Form:
    """What the first value of a field was: its shape and dtype, and the device if it was a tensor."""

    def __init__(self, name: str, value: Any) -> None:
        array = np.asarray(plain(value))
        self.shape, self.dtype = array.shape, array.dtype
        self.device = value.device if hasattr(value, "detach") else None
        if name == "reward" and not (self.device and self.dtype.kind == "f"):
            # A first reward of 0 says nothing of those to come. Tensors stay as wide as networks are.
            self.dtype = np.dtype(np.float32 if self.device else np.float64)

    def restorer(self, kept: Field) -> Callable[[Any], Any] | None:
        """What makes of one value of the memory's field what was added; None if it is the same.

        For a tensor of this processor's memory it is an array, and `wrapper` is what makes it a tensor.
        """
        is_same = (self.dtype, self.shape) == (kept.dtype, kept.shape)
        if self.device is None:
            if is_same:
                return None
            if not self.shape:
                return _PYTHON_TYPES[self.dtype.kind]
        elif self.wrapper() is not None:
            return None if is_same and self.shape else lambda value: self._array(np.asarray(value), ())
        return lambda value: self.restore(np.asarray(value), ())

    def wrapper(self) -> Callable[[Any], Any] | None:
        """What makes of an array a tensor over its memory; None if none was added, or on another device."""
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

    def _array(self, array: Any, lead: tuple[int, ...]) -> Any:
        if array.dtype != self.dtype:
            array = array.astype(self.dtype)
        if array.shape != lead + self.shape:
            array = array.reshape(lead + self.shape)
        return array
