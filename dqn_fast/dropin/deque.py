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

    Items are copies, equal to what was appended; see `ExperienceReplayBuffer` for what comes back as what.
    Tensors take long to make: if those of `maxlen` items need no more than 64 MB (40,000 items of small
    ones), they are kept once they were asked for, and given out again unless somebody has changed their
    numbers. As in a deque, what else is made of one (`requires_grad_`) stays. `sample(...)` needs none of
    that; its `.arrays()` are ten times faster: rather use them for tensors, above all of another device.

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
        Timeline.__init__(self, maxlen)
        self.maxlen = maxlen
        self.extend(iterable)

    def append(self, item: Sequence[Any]) -> None:
        """Appends a tuple of five; the oldest goes if there are `maxlen`.

        Raises:
            TypeError: see `ExperienceReplayBuffer.add`.
            ValueError: see `ExperienceReplayBuffer.add`; also if `item` has not five elements.
        """
        state, action, reward, next_state, done = item
        self._experiences.add(state, action, reward, next_state, done)
        if len(self):
            self._note()
        else:
            self._begin()

    def extend(self, iterable: Iterable[Sequence[Any]]) -> None:
        """Appends each tuple."""
        for item in iterable:
            self.append(item)

    def clear(self) -> None:
        """Forgets all tuples."""
        self._experiences = Experiences("maxlen", self.maxlen)
        self._begin()

    def sample(self, batch_size: int) -> ExperienceBatch:
        """What `random.sample(memory, batch_size)` draws, in one call.

        Raises:
            ValueError: if there are fewer.
        """
        return ExperienceBatch(self._experiences.sample(batch_size))

    def _begin(self) -> None:
        """Gives out what the memory holds, from now on."""
        experiences = self._experiences
        self._follow(core_memory(experiences.buffer), experiences.restore, experiences.wrap)

    def __reduce__(self) -> tuple[Any, ...]:
        return copyreg.__newobj__, (type(self),), self.__dict__  # type: ignore[attr-defined]

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        Timeline.__init__(self, self.maxlen)
        self._begin()

    def __copy__(self) -> deque:
        return copy.deepcopy(self)  # two may not share a memory
