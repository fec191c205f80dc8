"""The replay buffer of articles on DQN: `add` an experience, `sample` experiences.

```python
from dqn_fast.dropin.experience_replay import ExperienceReplayBuffer
```

Their class is a `deque` of tuples and `random.sample`. This one keeps the interface: batches are drawn
without replacement, rows are the tuples that were added, and `random.seed` decides the draws (of a
buffer that is made after it).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

from dqn_fast.dropin._experiences import NAMES, Experiences, rows


class ExperienceReplayBuffer:
    """Holds the newest `size` experiences (Lin, 1992).

    States are arrays, tensors or lists of numbers of one shape (an extra axis included), and come back as
    arrays, or as tensors where tensors were added. Actions, rewards and dones that were added as numbers
    come back as numbers in rows and as arrays of shape (B,) in columns.

    Args:
        size: experiences to hold.

    Raises:
        ValueError: if `size` is less than 1.
    """

    def __init__(self, size: int) -> None:
        self._experiences = Experiences("size", size)

    def add(self, state: Any, action: Any, reward: Any, next_state: Any, done: Any) -> None:
        """Adds an experience; the oldest goes if the buffer is full.

        Raises:
            TypeError: if a value is of another kind than the first one was.
            ValueError: if a shape differs, or `done` is neither a bool nor 0 or 1.
        """
        self._experiences.add(state, action, reward, next_state, done)

    def is_full(self) -> bool:
        """Whether it holds `size` experiences, so that the next one replaces the oldest."""
        return self._experiences.buffer.is_full()

    def __len__(self) -> int:
        return len(self._experiences)

    def sample(self, batch_size: int) -> ExperienceBatch:
        """Draws `batch_size` different experiences.

        Raises:
            ValueError: if the buffer holds fewer.
        """
        return ExperienceBatch(self._experiences.sample(batch_size))


class ExperienceBatch(Sequence[tuple[Any, ...]]):
    """B experiences: a sequence of rows, and the same as five columns.

    Iterated, it gives rows, as the articles' list of tuples does, so both of these work as written there:

        for state, action, reward, next_state, done in batch: ...
        states, actions, rewards, next_states, dones = zip(*batch)

    and the columns as arrays, with no work left to do, are

        states, actions, rewards, next_states, dones = batch.arrays()

    Where tensors were added, those of a row with several numbers each are `TensorRow`s, which stand for
    tensors until `torch.cat`, `torch.stack` or anything else of torch asks for them.

    Python asks an object for the same iterator in a loop and in `states, actions, ... = batch`, so no
    object can give rows to the one and columns to the other: the latter is a `ValueError` (of a batch
    of five, it gives five rows).
    """

    def __init__(self, columns: tuple[Any, ...]) -> None:
        self._columns = columns

    def arrays(self) -> tuple[Any, ...]:
        """States, actions, rewards, next states and dones, with B rows each."""
        return self._columns

    def __getattr__(self, name: str) -> Any:
        if name.endswith("s") and name[:-1] in NAMES:  # states, actions, rewards, next_states, dones
            return self._columns[NAMES.index(name[:-1])]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __len__(self) -> int:
        return len(self._columns[0])

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return rows(self._columns)

    @overload
    def __getitem__(self, item: int) -> tuple[Any, ...]: ...
    @overload
    def __getitem__(self, item: slice) -> ExperienceBatch: ...
    def __getitem__(self, item: int | slice) -> tuple[Any, ...] | ExperienceBatch:
        if isinstance(item, slice):
            return ExperienceBatch(tuple(column[item] for column in self._columns))
        at = range(len(self))[item]
        return next(rows(column[at : at + 1] for column in self._columns))
