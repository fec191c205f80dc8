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

import copy
import copyreg
from collections.abc import Iterable, Sequence
from typing import Any

from dqn_fast._core import Timeline
from dqn_fast.dropin._experiences import Experiences
from dqn_fast.dropin.experience_replay import ExperienceBatch
from dqn_fast.replay.internals import core_memory


class deque(Timeline, Sequence[tuple[Any, ...]]):  # its name is the interface
    """The newest `maxlen` tuples `(state, action, reward, next_state, done)`, oldest first.

    Items are copies that equal what was appended; `ExperienceReplayBuffer` says which types come back. For
    tensors prefer `sample(...).arrays()`, above all on another device: it makes one tensor per column.

    A tensor of an item takes long to make. So it is kept once it was asked for, if the tensors of all
    `maxlen` items fit in 64 MB, and given out again unless its numbers were changed. As in a deque, whatever
    else was done to it (`requires_grad_`) stays.

    Args:
        iterable: tuples to append.
        maxlen: how many to hold.

    Raises:
        TypeError: if `maxlen` is None; a replay buffer has a capacity.
        ValueError: if `maxlen` is less than 1.
    """

    def __init__(self, iterable: Iterable[Sequence[Any]] = (), maxlen: int | None = None) -> None:
        if maxlen is None:
            raise TypeError("maxlen: got None, expected the number of tuples to hold")
        self._experiences = Experiences("maxlen", maxlen)
        Timeline.__init__(self, maxlen)
        self.maxlen = maxlen
        self.extend(iterable)

    def append(self, item: Sequence[Any]) -> None:
        """Append a tuple of five; the oldest goes if there are `maxlen`.

        Raises:
            TypeError: if a value is of another kind than the first one.
            ValueError: if `item` does not have five elements, a shape differs, or `done` is neither 0 nor 1.
        """
        state, action, reward, next_state, done = item
        self._experiences.add(state, action, reward, next_state, done)
        if len(self):
            self._note()
        else:
            self._begin()

    def extend(self, iterable: Iterable[Sequence[Any]]) -> None:
        """Append each tuple."""
        for item in iterable:
            self.append(item)

    def clear(self) -> None:
        """Remove all tuples."""
        self._experiences = Experiences("maxlen", self.maxlen)
        self._begin()

    def sample(self, batch_size: int) -> ExperienceBatch:
        """Draw what `random.sample(memory, batch_size)` would, in one call.

        Raises:
            ValueError: if fewer tuples are held.
        """
        return ExperienceBatch(self._experiences.sample(batch_size))

    def _begin(self) -> None:
        """Show what the buffer holds, from now on."""
        experiences = self._experiences
        self._follow(core_memory(experiences.buffer), experiences.restore, experiences.wrap)

    def __reduce__(self) -> tuple[Any, ...]:
        return copyreg.__newobj__, (type(self),), self.__dict__  # type: ignore[attr-defined]

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        Timeline.__init__(self, self.maxlen)
        self._begin()

    def __copy__(self) -> deque:
        return copy.deepcopy(self)  # two deques must not share a buffer
