"""`collections.deque` as a replay memory: `append` tuples of five, `random.sample` them.

```python
from dqn_fast.dropin.deque import deque

memory = deque(maxlen=100_000)
memory.append((state, action, reward, next_state, done))
batch = random.sample(memory, 32)  # as before: each access takes the same time, at any length
batch = memory.sample(32)  # the same draw in one call, and faster
```
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, overload

import numpy as np

from dqn_fast.dropin._experiences import Experiences, plain, rows
from dqn_fast.dropin.experience_replay import ExperienceBatch


class deque(Sequence[Sequence[Any]]):  # its name is the interface
    """The newest `maxlen` tuples `(state, action, reward, next_state, done)`, oldest first.

    Items are copies, equal to what was appended (see `ExperienceReplayBuffer` for what comes back as
    what); they are read from the memory together, when the first of them is looked at.

    Args:
        iterable: tuples to append.
        maxlen: how many to hold.

    Raises:
        TypeError: if `maxlen` is None: a replay memory has a capacity.
        ValueError: if `maxlen` is less than 1.
    """

    def __init__(self, iterable: Iterable[Sequence[Any]] = (), maxlen: int | None = None) -> None:
        if maxlen is None:
            raise TypeError("maxlen: got None, expected the number of tuples to hold")
        self._experiences = Experiences("maxlen", maxlen)
        self.maxlen = maxlen
        # The memory names steps by their time. That of the tuple appended nth is kept at n % maxlen.
        self._times = np.zeros(maxlen, np.int64)
        self._appended = self._held = 0
        self._newest = -2  # time of the last tuple's step
        self._end: tuple[Any, bytes] | None = None  # its next state, if the episode goes on
        self._unread: list[_Item] = []
        self.extend(iterable)

    def append(self, item: Sequence[Any]) -> None:
        """Appends a tuple of five; the oldest goes if there are `maxlen`.

        Raises:
            TypeError: see `ExperienceReplayBuffer.add`.
            ValueError: see `ExperienceReplayBuffer.add`; also if `item` has not five elements.
        """
        state, action, reward, next_state, done = item
        if self._unread:
            self._read()
        before = state if type(state) is np.ndarray else np.asarray(plain(state))
        after = next_state if type(next_state) is np.ndarray else np.asarray(plain(next_state))
        # Said here and not left to the memory, so that the time of the step is known: one later if it
        # continues the episode, else two, for the observation that the last one ended with.
        follows = self._end == (before.dtype, before.tobytes())
        self._experiences.add(state, action, reward, next_state, done, not follows)
        self._end = None if done else (after.dtype, after.tobytes())
        self._newest += 1 if follows else 2
        self._times[self._appended % self.maxlen] = self._newest
        self._appended += 1
        self._held = len(self._experiences.buffer._intake.memory)

    def extend(self, iterable: Iterable[Sequence[Any]]) -> None:
        """Appends each tuple."""
        for item in iterable:
            self.append(item)

    def clear(self) -> None:
        """Forgets all tuples."""
        self._read()
        self.__init__(maxlen=self.maxlen)  # type: ignore[misc]

    def sample(self, batch_size: int) -> ExperienceBatch:
        """What `random.sample(memory, batch_size)` draws, in one call.

        Raises:
            ValueError: if there are fewer.
        """
        return ExperienceBatch(self._experiences.sample(batch_size))

    def __len__(self) -> int:
        return self._held

    @overload
    def __getitem__(self, index: int) -> Sequence[Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[Sequence[Any]]: ...
    def __getitem__(self, index: int | slice) -> Sequence[Any] | list[Sequence[Any]]:
        held = self._held
        if type(index) is int and 0 <= index < held:  # as random.sample asks, for each of a batch
            item = _new_item()
            item.memory = self
            item.place = index
            self._unread.append(item)
            return item
        if isinstance(index, slice):
            return [self[i] for i in range(held)[index]]
        if not -held <= index < held:
            raise IndexError(f"index: got {index}, expected one of {held} tuples")
        return self[range(held)[index]]

    def _read(self) -> None:
        """Reads all items that were given out and not looked at yet, while they are held."""
        unread, self._unread = self._unread, []
        if unread:
            oldest = self._appended - self._held
            numbers = np.array([item.place for item in unread]) + oldest
            columns = self._experiences.read(self._times.take(numbers, mode="wrap"))
            for item, values in zip(unread, rows(columns), strict=True):
                item.values = values


class _Item(Sequence[Any]):
    """A tuple of five that is read when it is first looked at."""

    __slots__ = ("memory", "place", "values")
    memory: deque
    place: int  # counted from the oldest tuple, until it is read; only then are there values
    values: tuple[Any, ...]

    def _values(self) -> tuple[Any, ...]:
        if not hasattr(self, "values"):
            self.memory._read()  # it is one of those
        return self.values

    def __iter__(self) -> Iterator[Any]:
        try:
            return iter(self.values)
        except AttributeError:
            return iter(self._values())

    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: Any) -> Any:
        return self._values()[index]

    def __repr__(self) -> str:
        return repr(self._values())

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (self._values(),)  # copied and pickled, it is what it stands for


_new_item = partial(_Item.__new__, _Item)  # without __init__: each draw makes many
