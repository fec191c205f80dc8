"""Experience: where the learner's batches come from, and what it tells the replay memory about them.

The memory samples into one batch of tensors that is allocated once, so a batch is valid until the next one.
"""

from __future__ import annotations

from typing import Any, Protocol

from torch import Tensor

from dqn_fast import Batch, PrioritizedReplayBuffer, ReplayBuffer
from dqn_fast.agent.schedules import Schedule


class Experience(Protocol):
    """A source of batches that may learn from their TD errors."""

    def sample(self, step: int) -> Batch[Any]:
        """Return a batch of tensors for a learner update at environment step `step`."""
        ...

    def learned(self, batch: Batch[Any], td_error: Tensor) -> None:
        """Take note of the TD errors `(B,)` of the rows of `batch`."""
        ...


class UniformExperience:
    """Every stored transition is equally likely.

    Args:
        memory: where transitions are stored; it must know its spaces.
        batch_size: rows of each batch.
    """

    def __init__(self, memory: ReplayBuffer, batch_size: int) -> None:
        self.memory = memory
        self.batch_size = batch_size
        self._batch = memory.empty_batch(batch_size, torch=True)

    def sample(self, step: int) -> Batch[Any]:
        """Return a batch of tensors; `step` makes no difference."""
        return self.memory.sample(self.batch_size, out=self._batch)

    def learned(self, batch: Batch[Any], td_error: Tensor) -> None:
        """Do nothing: a uniform memory has no use for TD errors."""


class PrioritizedExperience:
    """Transitions with a large TD error are likelier (prioritised replay, Schaul et al., 2016).

    Args:
        memory: where transitions and their priorities are stored; it must know its spaces.
        batch_size: rows of each batch.
        beta_schedule: exponent of the importance weights at each environment step, in [0, 1].
    """

    def __init__(self, memory: PrioritizedReplayBuffer, batch_size: int, beta_schedule: Schedule) -> None:
        self.memory = memory
        self.batch_size = batch_size
        self.beta_schedule = beta_schedule
        self._batch = memory.empty_batch(batch_size, torch=True)

    def sample(self, step: int) -> Batch[Any]:
        """Return a batch of tensors, with importance weights by the beta of environment step `step`."""
        return self.memory.sample(self.batch_size, beta=self.beta_schedule(step), out=self._batch)

    def learned(self, batch: Batch[Any], td_error: Tensor) -> None:
        """Make |td_error| the priorities of the rows; the memory adds its eps and applies its alpha."""
        self.memory.update_priorities(batch.indices.numpy(), td_error.abs().numpy())
