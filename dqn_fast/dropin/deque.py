"""A `collections.deque` of experiences: `append` tuples of five, `random.sample` them.

```python
from dqn_fast.dropin.deque import deque

memory = deque(maxlen=100_000)
memory.append((state, action, reward, next_state, done))
batch = random.sample(memory, 32)  # as before, and each access is O(1)
batch = memory.sample(32)  # the same draw in one call, which is faster
```
"""

from __future__ import annotations

import collections
import copy
import copyreg
import sys
import warnings
from collections.abc import Iterable, MutableSequence, Sequence, Sized
from typing import Any

import numpy as np

from dqn_fast._core import TupleSequence
from dqn_fast.dropin._experiences import Experiences, plain
from dqn_fast.dropin.experience_replay import ExperienceBatch
from dqn_fast.replay.internals import core_memory

Item = Sequence[Any]
MANY = 10_000  # tuples, which take a time to copy that a loop would feel


class deque(TupleSequence, MutableSequence[tuple[Any, ...]]):  # its name is the interface
    """The newest `maxlen` tuples `(state, action, reward, next_state, done)`, oldest first.

    Items are copies that equal what was appended; `ExperienceReplayBuffer` says which types come back. For
    tensors prefer `sample(...).arrays()`, above all on another device: it makes one tensor per column.
    `next_state` may be None where `done` is set.

    It does what a deque does. `append`, `extend`, `[...]` and `sample` take as long however many are held.
    What takes out, moves or replaces (`popleft`, `appendleft`, `rotate` ...) copies all, and warns once if
    they are many. Items are found (`in`, `index`, `remove` ...) by their numbers.

    A tensor of an item takes long to make. So it is kept once it was asked for, if the tensors of all
    `maxlen` items fit in 64 MB and no `next_state` was None, and given out again unless its numbers were
    changed. As in a deque, whatever else was done to it (`requires_grad_`) stays.

    Args:
        iterable: tuples to append.
        maxlen: how many to hold.

    Raises:
        TypeError: if `maxlen` is None; a replay buffer has a capacity.
        ValueError: if `maxlen` is less than 1.
    """

    __hash__ = None  # type: ignore[assignment]  # as that of a deque
    _has_warned = False

    def __init__(self, iterable: Iterable[Item] = (), maxlen: int | None = None) -> None:
        if maxlen is None:
            raise TypeError("maxlen: got None, expected the number of tuples to hold")
        self._experiences = Experiences("maxlen", maxlen)
        TupleSequence.__init__(self, maxlen)
        self.extend(iterable)

    @property
    def maxlen(self) -> int:
        """Most tuples that it holds."""
        return self._experiences.buffer.capacity

    def append(self, item: Item) -> None:
        """Append a tuple of five; the oldest goes if there are `maxlen`.

        Raises:
            TypeError: if a value is of another kind than the first one.
            ValueError: if `item` does not have five elements, a shape differs, `done` is neither 0 nor 1, or
                it is 0 and `next_state` is None.
        """
        try:
            state, action, reward, next_state, done = item
        except (TypeError, ValueError):
            raise _not_five(item) from None
        buffer = self._experiences.buffer
        self._experiences.add(state, action, reward, next_state, done)
        if self._experiences.buffer is buffer and len(self):
            self._note()
        else:
            self._begin()

    def extend(self, iterable: Iterable[Item]) -> None:
        """Append each tuple; those before one that is refused stay."""
        for item in list(self) if iterable is self else iterable:
            self.append(item)

    def sample(self, batch_size: int) -> ExperienceBatch:
        """Draw what `random.sample(memory, batch_size)` would, in one call.

        Raises:
            ValueError: if fewer tuples are held.
        """
        return ExperienceBatch(*self._experiences.sample(batch_size))

    def clear(self) -> None:
        """Remove all tuples."""
        self._replace(())

    def copy(self) -> deque:
        """Return another deque of the same tuples, which draws the same."""
        return copy.deepcopy(self)

    def appendleft(self, item: Item) -> None:
        """Put a tuple before the oldest; the newest goes if there are `maxlen`."""
        self._change("appendleft", item)

    def extendleft(self, iterable: Iterable[Item]) -> None:
        """Put each tuple before the oldest, so that the last one is the oldest."""
        self._change("extendleft", iterable)

    def insert(self, index: int, item: Item) -> None:
        """Put a tuple before the one at an index; IndexError if there are `maxlen`."""
        self._change("insert", index, item)

    def pop(self) -> tuple[Any, ...]:  # type: ignore[override]  # a deque's takes no index
        """Remove the newest tuple, and return it; IndexError if there is none."""
        removed: tuple[Any, ...] = self._change("pop")
        return removed

    def popleft(self) -> tuple[Any, ...]:
        """Remove the oldest tuple, and return it; IndexError if there is none."""
        removed: tuple[Any, ...] = self._change("popleft")
        return removed

    def remove(self, value: Any) -> None:
        """Remove the oldest tuple of these numbers; ValueError if there is none."""
        del self[self.index(value)]

    def reverse(self) -> None:
        """Make the newest tuple the oldest."""
        self._change("reverse")

    def rotate(self, n: int = 1) -> None:
        """Put the newest tuple before the oldest, `n` times; the other way round if it is negative."""
        self._change("rotate", n)

    def __setitem__(self, index: Any, item: Any) -> None:
        self._change("__setitem__", index, item)

    def __delitem__(self, index: Any) -> None:
        self._change("__delitem__", index)

    def __contains__(self, value: object) -> bool:
        return any(_same(item, value) for item in self)

    def index(self, value: Any, start: int = 0, stop: int = sys.maxsize) -> int:
        """Return where the oldest tuple of these numbers is; ValueError if there is none."""
        for place in range(*slice(start, stop).indices(len(self))):
            if _same(self[place], value):
                return place
        raise ValueError(f"value: got {_brief(value)}, expected one of the tuples")

    def count(self, value: Any) -> int:
        """Return how many tuples have these numbers."""
        return sum(_same(item, value) for item in self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, deque | collections.deque):
            return NotImplemented
        return len(self) == len(other) and all(map(_same, self, other))

    def _change(self, method: str, *arguments: Any) -> Any:
        """Do with a deque of all items what its method does, and hold what it then holds."""
        if len(self) >= MANY and not self._has_warned:
            self._has_warned = True
            warnings.warn(
                f"{method}: copies all {len(self):,} tuples, each time; append lets the oldest go by itself",
                RuntimeWarning,
                stacklevel=3,
            )
        items = collections.deque(self, self.maxlen)
        result = getattr(items, method)(*arguments)
        self._replace(items)
        return result

    def _replace(self, items: Iterable[Item]) -> None:
        experiences = Experiences("maxlen", self.maxlen, self._experiences.next_seed())
        for item in items:
            if not isinstance(item, Sequence) or len(item) != 5:
                raise _not_five(item)
            experiences.add(*item)
        self._experiences = experiences
        self._begin()

    def _begin(self) -> None:
        """Show what the buffer holds, from now on."""
        experiences = self._experiences
        self._follow(core_memory(experiences.buffer), experiences.restore, experiences.wrap)

    def __repr__(self) -> str:
        return f"deque({len(self):,} of {self.maxlen:,} tuples)"

    def __reduce__(self) -> tuple[Any, ...]:
        return copyreg.__newobj__, (type(self),), self.__dict__  # type: ignore[attr-defined]

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        TupleSequence.__init__(self, self.maxlen)
        self._begin()

    __copy__ = copy  # two deques must not share a buffer


def _not_five(item: Any) -> ValueError:
    return ValueError(f"item: got {_brief(item)}, expected (state, action, reward, next_state, done)")


def _same(item: Item, other: Any) -> bool:
    """Return whether an item has these numbers."""
    if not isinstance(other, Sequence) or len(other) != len(item):
        return False
    return all(map(np.array_equal, map(plain, item), map(plain, other)))


def _brief(item: Any) -> str:
    return f"a {type(item).__name__} of {len(item)}" if isinstance(item, Sized) else repr(item)
