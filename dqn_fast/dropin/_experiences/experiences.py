"""A replay buffer for experiences `(state, action, reward, next_state, done)`, returned as they came."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from dqn_fast.checks import at_least
from dqn_fast.dropin._experiences.form import Form, plain
from dqn_fast.replay import ReplayBuffer

NAMES = ("state", "action", "reward", "next_state", "done")


class Experiences:
    """A buffer that takes and returns experiences; the first one fixes shapes and dtypes.

    A column is a tensor if tensors were added, and otherwise what `np.array` makes of a list of the added
    values. Rewards are kept in float64, like Python's floats.

    Args:
        name: what the caller's argument `capacity` is called, for errors.
        capacity: experiences to hold; the newest are kept.
    """

    def __init__(self, name: str, capacity: int) -> None:
        at_least(name, capacity, 1)
        # The originals draw from `random`. The seed comes from there, so `random.seed` decides all draws.
        self.buffer = ReplayBuffer(capacity, seed=random.getrandbits(64))
        self._forms: tuple[Form, ...] = ()
        self._unlike: list[tuple[int, Form]] = []  # fields that the buffer stores in another form
        self.restore: tuple[Callable[[Any], Any] | None, ...] = ()
        """Per field, a function from the stored value to the one that was added; None if they are equal."""
        self.wrap: tuple[Callable[[Any], Any] | None, ...] = ()
        """Per field, a function from a restored array to a tensor over it; None if no tensor was added."""

    def __len__(self) -> int:
        return len(self.buffer)

    def add(self, state: Any, action: Any, reward: Any, next_state: Any, done: Any) -> None:
        """Add one experience.

        Raises:
            TypeError: if a value is of another kind than the first one.
            ValueError: if a shape differs, or `done` is neither 0 nor 1.
        """
        ended = done if type(done) is bool else _flag(done)
        gain = reward if type(reward) is float else number(reward)
        forms = self._forms
        if not forms:
            named = zip(NAMES, (state, action, reward, next_state, done), strict=True)
            forms = tuple(Form(name, value) for name, value in named)
            gain = np.asarray(gain, np.float64)
        self.buffer.add(plain(state), plain(action), gain, plain(next_state), ended)
        if self._forms is not forms:
            schema = self.buffer.schema
            assert schema is not None  # a step was added
            kept = [
                (leaf.dtype, leaf.shape) for leaf in (schema.obs, schema.action, schema.reward, schema.obs)
            ]
            kept.append((np.dtype(np.bool_), ()))
            self._forms = forms
            self.restore = tuple(form.restorer(*of) for form, of in zip(forms, kept, strict=True))
            self.wrap = tuple(form.wrapper() for form in forms)
            self._unlike = [(at, form) for at, form in enumerate(forms) if self.restore[at] or self.wrap[at]]

    def sample(self, batch_size: int) -> tuple[Any, ...]:
        """Return five columns, `batch_size` rows each, of different experiences.

        Raises:
            ValueError: if fewer experiences are held, or `batch_size` is less than 1.
        """
        batch = self.buffer.sample(batch_size, replacement=False)
        columns = (batch.obs, batch.action, batch.reward, batch.next_obs, batch.terminated)
        if not self._unlike:
            return columns
        restored: list[Any] = list(columns)
        for at, form in self._unlike:
            restored[at] = form.restore(columns[at], columns[at].shape[:1])
        return tuple(restored)


def rows(columns: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    """Return the experiences of five columns as tuples, with Python's numbers."""
    return zip(*(_items(column) for column in columns), strict=True)


def number(value: Any) -> Any:
    """Return a scalar, or the only element of an array or tensor, as a Python number."""
    return value.item() if hasattr(value, "item") else value


def _flag(done: Any) -> bool:
    value = number(done)
    if value not in (0, 1):
        raise ValueError(f"done: got {done!r}, expected a bool, 0 or 1")
    return bool(value)


def _items(column: Any) -> Any:
    if isinstance(column, np.ndarray):
        return column.tolist() if column.ndim == 1 else column
    has_one_number = column.numel() == len(column)  # torch.tensor takes a list of tensors of one number
    if has_one_number or not column.is_cpu:
        return column.unbind()
    from dqn_fast.dropin._experiences.tensor_rows import tensor_rows

    return tensor_rows(column.numpy())
