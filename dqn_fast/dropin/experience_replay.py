"""The replay buffer of many articles on DQN: `add` an experience, `sample` experiences.

```python
from dqn_fast.dropin.experience_replay import ExperienceReplayBuffer
```

The articles' class is a `deque` of tuples and `random.sample`. This one keeps its interface: draws are
without replacement, rows are the tuples that were added, and `random.seed` decides the draws of a buffer that
is made after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from dqn_fast.dropin._experiences import NAMES, Experiences, rows


class ExperienceReplayBuffer:
    """Holds the newest `size` experiences (Lin, 1992).

    States are arrays, tensors or lists of numbers, all of one shape. They come back as tensors if they were
    tensors, and as arrays otherwise. Actions, rewards and dones that were numbers come back as numbers in
    rows, and as arrays of shape (B,) in columns. A next state may be None where `done` is set: it is None in
    rows, and zeros in columns.

    Args:
        size: experiences to hold.

    Raises:
        ValueError: if `size` is less than 1.
    """

    def __init__(self, size: int) -> None:
        self._experiences = Experiences("size", size)

    def add(self, state: Any, action: Any, reward: Any, next_state: Any, done: Any) -> None:
        """Add an experience; the oldest goes if the buffer is full.

        Raises:
            TypeError: if a value is of another kind than the first one.
            ValueError: if a shape differs, `done` is neither a bool nor 0 or 1, or it is 0 and there is no
                next state.
        """
        self._experiences.add(state, action, reward, next_state, done)

    def is_full(self) -> bool:
        """Return whether it holds `size` experiences, so that the next one replaces the oldest."""
        return self._experiences.buffer.is_full()

    def __len__(self) -> int:
        return len(self._experiences)

    def sample(self, batch_size: int) -> ExperienceBatch:
        """Draw `batch_size` different experiences.

        Raises:
            ValueError: if the buffer holds fewer.
        """
        return ExperienceBatch(*self._experiences.sample(batch_size))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self):,} of {self._experiences.buffer.capacity:,} experiences)"


class ExperienceBatch(Sequence[tuple[Any, ...]]):
    """B experiences, as a sequence of rows and as five columns.

    Iteration yields rows, as the articles' list of tuples does, so both of their forms work:

        for state, action, reward, next_state, done in batch: ...
        states, actions, rewards, next_states, dones = zip(*batch)

    The columns as arrays take no further work:

        states, actions, rewards, next_states, dones = batch.arrays()

    If tensors were added, those of several numbers are `TensorRow`s in rows: they stand for tensors until
    `torch.cat`, `torch.stack` or anything else of PyTorch asks for them.

    `states, actions, rewards, next_states, dones = batch` unpacks rows, because Python uses the same iterator
    as in a loop. That is a `ValueError`, unless the batch has five rows.
    """

    _absent: npt.NDArray[np.bool_] | None = None  # where next states are None; in pickles of 0.1.0, too

    def __init__(self, columns: tuple[Any, ...], absent: npt.NDArray[np.bool_] | None = None) -> None:
        self._columns, self._absent = columns, absent

    def arrays(self) -> tuple[Any, ...]:
        """Return states, actions, rewards, next states and dones, B rows each."""
        return self._columns

    def __getattr__(self, name: str) -> Any:
        if name.endswith("s") and name[:-1] in NAMES:  # states, actions, rewards, next_states, dones
            return self._columns[NAMES.index(name[:-1])]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __len__(self) -> int:
        return len(self._columns[0])

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return rows(self._columns, self._absent)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self):,} experiences)"

    @overload
    def __getitem__(self, item: int) -> tuple[Any, ...]: ...
    @overload
    def __getitem__(self, item: slice) -> ExperienceBatch: ...
    def __getitem__(self, item: int | slice) -> tuple[Any, ...] | ExperienceBatch:
        at = range(len(self))[item]
        chosen = item if isinstance(at, range) else slice(at, at + 1)
        absent = None if self._absent is None else self._absent[chosen]
        part = ExperienceBatch(tuple(column[chosen] for column in self._columns), absent)
        return part if isinstance(at, range) else next(iter(part))
