"""A replay buffer for experiences `(state, action, reward, next_state, done)`, returned as they came."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from dqn_fast.checks import at_least
from dqn_fast.dropin._experiences.form import Form, named, plain
from dqn_fast.dropin._experiences.widening import wider, with_states
from dqn_fast.dropin._experiences.words import in_the_callers_words
from dqn_fast.replay import Batch, ReplayBuffer

NAMES = ("state", "action", "reward", "next_state", "done")
Array = npt.NDArray[Any]


class Experiences:
    """A buffer that takes and returns experiences; the first one fixes shapes and dtypes.

    A column is a tensor if tensors were added, and otherwise what `np.array` makes of a list of the added
    values. Rewards are kept in float64, like Python's floats. Two things may come later than the first
    experience, and copy all that is held: a state of numbers that the first one's dtype lacks, such as floats
    after whole numbers; and a next state that is None.

    Args:
        name: what the caller's argument `capacity` is called, for errors.
        capacity: experiences to hold; the newest are kept.
        seed: of the draws; None takes one from `random`.
    """

    _seed = 0  # of pickles of 0.1.0

    def __init__(self, name: str, capacity: int, seed: int | None = None) -> None:
        at_least(name, capacity, 1)
        # The originals draw from `random`. The seed comes from there, so `random.seed` decides all draws.
        self._seed = random.getrandbits(64) if seed is None else seed
        self.buffer = ReplayBuffer(capacity, seed=self._seed)
        self._forms: tuple[Form, ...] = ()
        self._unlike: list[tuple[int, Form]] = []  # fields that the buffer stores in another form
        self.restore: tuple[Callable[[Any], Any] | None, ...] = ()
        """Per field, a function from the stored value to the one that was added; None if they are equal."""
        self.wrap: tuple[Callable[[Any], Any] | None, ...] = ()
        """Per field, a function from a restored array to a tensor over it; None if no tensor was added."""

    def __len__(self) -> int:
        return len(self.buffer)

    def next_seed(self) -> int:
        """Return the seed for who goes on in its place: nobody else's `random` is moved."""
        return random.Random(self._seed).getrandbits(64)

    def add(self, state: Any, action: Any, reward: Any, next_state: Any, done: Any) -> None:
        """Add one experience.

        Raises:
            TypeError: if a value is of another kind than the first one.
            ValueError: if a shape differs, `done` is neither 0 nor 1, or it is 0 and there is no next state.
        """
        ended = done if type(done) is bool else _flag(done)
        gain = reward if type(reward) is float else number(reward)
        if not self._forms or next_state is None or self._forms[0].has_mark:
            return self._add_otherwise(state, action, reward, next_state, done)
        try:
            return self.buffer.add(plain(state), plain(action), gain, plain(next_state), ended)
        except (TypeError, ValueError):  # the form has to be wider, or it is refused by the caller's names
            return self._add_otherwise(state, action, reward, next_state, done)

    def _add_otherwise(self, state: Any, action: Any, reward: Any, next_state: Any, done: Any) -> None:
        """Add what comes first, what needs another form of the states, and what has marks."""
        if next_state is None and not _flag(done):
            raise ValueError("next_state: got None, expected a state, or done")
        forms = self._forms_for(state, action, reward, next_state, done)
        is_new = forms is not self._forms
        buffer = self._converted(forms) if is_new and self._forms else self.buffer
        try:
            obs, after = forms[0].stored("state", state), forms[3].stored("next_state", next_state)
            gain = number(reward) if self._forms else np.asarray(number(reward), np.float64)
            buffer.add(obs, named("action", action), gain, after, _flag(done))
        except (TypeError, ValueError) as error:
            raise in_the_callers_words(error) from None
        if is_new:
            self._adopt(forms, buffer)

    def _forms_for(self, *values: Any) -> tuple[Form, ...]:
        """Return the forms in which an experience is stored: those that there are, if it can be."""
        came = [named(NAMES[at], values[at]) for at in (0, 3) if values[at] is not None]
        forms = self._forms
        if not forms:
            given = (*values[:3], values[0] if values[3] is None else values[3], values[4])
            forms = tuple(map(Form, NAMES, given))
        has_mark = forms[0].has_mark or values[3] is None
        dtype = wider(forms[0].dtype, came, self._states)
        if (dtype, has_mark) == (forms[0].dtype, forms[0].has_mark):
            return forms
        changed = {at: copy.copy(forms[at]) for at in (0, 3)}
        for form in changed.values():
            form.dtype, form.has_mark = dtype, has_mark
        return tuple(changed.get(at, form) for at, form in enumerate(forms))

    def _states(self) -> tuple[Array, ...]:
        """Return the states and next states that are held, as arrays of their shape, and zeros for None."""
        if not self._forms:
            return ()
        held = self.buffer.transitions()
        leading = held.reward.shape
        return self._forms[0].array(held.obs, leading), self._forms[3].array(held.next_obs, leading)

    def _converted(self, forms: tuple[Form, ...]) -> ReplayBuffer:
        """Return a buffer that holds the same in other forms of states."""
        held = self.buffer.transitions()
        absent = self._absent(held)
        absent = np.zeros(len(held), np.bool_) if absent is None else absent
        states, next_states = (values.astype(forms[0].dtype) for values in self._states())
        if forms[0].has_mark:
            states = forms[0].marked(states, np.zeros_like(absent))
            next_states = forms[3].marked(next_states, absent)
        return with_states(self.buffer, states, next_states, self.next_seed())

    def _adopt(self, forms: tuple[Form, ...], buffer: ReplayBuffer) -> None:
        if buffer is not self.buffer:
            self._seed = self.next_seed()
        schema = buffer.schema
        assert schema is not None  # a step was added
        kept = [(leaf.dtype, leaf.shape) for leaf in (schema.obs, schema.action, schema.reward, schema.obs)]
        kept.append((np.dtype(np.bool_), ()))
        self.buffer, self._forms = buffer, forms
        self.restore = tuple(form.restorer(*of) for form, of in zip(forms, kept, strict=True))
        self.wrap = tuple(form.wrapper() for form in forms)
        self._unlike = [(at, form) for at, form in enumerate(forms) if self.restore[at] or self.wrap[at]]

    def _absent(self, batch: Batch) -> npt.NDArray[np.bool_] | None:
        """Return which next states were None, bool (B,); None if none ever was."""
        return batch.next_obs[:, -1].astype(np.bool_) if self._forms and self._forms[3].has_mark else None

    def sample(self, batch_size: int) -> tuple[tuple[Any, ...], npt.NDArray[np.bool_] | None]:
        """Return five columns of `batch_size` different experiences, and where next states are None.

        Raises:
            ValueError: if fewer experiences are held, or `batch_size` is less than 1.
        """
        batch = self.buffer.sample(batch_size, replacement=False)
        columns = (batch.obs, batch.action, batch.reward, batch.next_obs, batch.terminated)
        if not self._unlike:
            return columns, None
        restored: list[Any] = list(columns)
        for at, form in self._unlike:
            restored[at] = form.restore(columns[at], columns[at].shape[:1])
        return tuple(restored), self._absent(batch)


def rows(columns: Iterable[Any], absent: npt.NDArray[np.bool_] | None = None) -> Iterator[tuple[Any, ...]]:
    """Return the experiences of five columns as tuples, with Python's numbers.

    Args:
        columns: of B rows each.
        absent: bool (B,), where the next state is None; None: nowhere.
    """
    items = [_items(column) for column in columns]
    if absent is not None and absent.any():
        items[3] = [None if gone else item for item, gone in zip(items[3], absent, strict=True)]
    return zip(*items, strict=True)


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
    try:
        values = column.numpy()
    except TypeError:  # bfloat16
        return column.unbind()
    from dqn_fast.dropin._experiences.tensor_rows import tensor_rows

    return tensor_rows(values)
