"""Experience: where the learner's batches come from, and what it tells the replay buffer about them.

The buffer samples into tensors that are allocated once, so a batch is valid until the next one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from torch import Tensor

from dqn_fast import Batch, PrioritizedReplayBuffer, ReplayBuffer
from dqn_fast.agent.schedules import Schedule

# Bytes of batches that are drawn at once: they should wait for their updates in a core's own cache.
_AT_ONCE = 2**18
_MOST_AT_ONCE = 64


class Experience(Protocol):
    """A source of batches that may learn from their TD errors."""

    def batches(self, step: int, updates: int) -> Iterator[Batch[Any]]:
        """Give a batch of tensors for each of `updates` learner updates at environment step `step`.

        Nothing may be stored before the last of them is taken.
        """
        ...

    def learned(self, batch: Batch[Any], td_error: Tensor) -> None:
        """Take note of the TD errors `(B,)` of the rows of `batch`, before the next batch is taken."""
        ...


class UniformExperience:
    """Every stored transition is equally likely.

    Batches of updates that follow each other are drawn together: the same ones as one by one, but the buffer
    is asked once, where each update would have pushed it out of the processor's caches.

    Args:
        buffer: where transitions are stored; it must know its spaces.
        batch_size: rows of each batch.
    """

    def __init__(self, buffer: ReplayBuffer, batch_size: int) -> None:
        self.buffer = buffer
        self.batch_size = batch_size
        at_once = min(max(_AT_ONCE // buffer.empty_batch(batch_size).nbytes, 1), _MOST_AT_ONCE)
        drawn = buffer.empty_batch(at_once * batch_size)
        ends = range(batch_size, at_once * batch_size + 1, batch_size)
        self._first = [drawn.rows(0, end) for end in ends]  # one batch, two, three ...
        self._batches = [drawn.rows(end - batch_size, end).torch() for end in ends]

    def batches(self, step: int, updates: int) -> Iterator[Batch[Any]]:
        """Give a batch of tensors for each update; `step` makes no difference."""
        while updates > 0:
            count = min(updates, len(self._batches))
            self.buffer.sample(count * self.batch_size, out=self._first[count - 1])
            yield from self._batches[:count]
            updates -= count

    def learned(self, batch: Batch[Any], td_error: Tensor) -> None:
        """Do nothing: a uniform buffer has no use for TD errors."""


class PrioritizedExperience:
    """Transitions with a large TD error are likelier (prioritised replay, Schaul et al., 2016).

    Args:
        buffer: where transitions and their priorities are stored; it must know its spaces.
        batch_size: rows of each batch.
        beta_schedule: exponent of the importance weights at each environment step, in [0, 1].
    """

    def __init__(self, buffer: PrioritizedReplayBuffer, batch_size: int, beta_schedule: Schedule) -> None:
        self.buffer = buffer
        self.batch_size = batch_size
        self.beta_schedule = beta_schedule
        self._batch = buffer.empty_batch(batch_size, torch=True)

    def batches(self, step: int, updates: int) -> Iterator[Batch[Any]]:
        """Give a batch of tensors for each update, with importance weights by the beta of step `step`."""
        beta = self.beta_schedule(step)
        for _ in range(updates):
            yield self.buffer.sample(self.batch_size, beta=beta, out=self._batch)

    def learned(self, batch: Batch[Any], td_error: Tensor) -> None:
        """Make |td_error| the priorities of the rows; the buffer adds its eps and applies its alpha."""
        self.buffer.update_priorities(batch.indices.numpy(), td_error.abs().numpy())
