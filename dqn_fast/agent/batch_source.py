"""Batch sources: where the learner's batches come from, and where the TD errors of their rows go.

The buffer samples into tensors that are allocated once, so a batch is valid until the next one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, TypeVar

from torch import Tensor

from dqn_fast import Batch, FrameBatch, PrioritizedReplayBuffer, ReplayBuffer, trees
from dqn_fast.agent.objectives.objective import TransitionBatch
from dqn_fast.agent.schedules import Schedule

Slot = TypeVar("Slot", bound=Batch[Any] | FrameBatch[Any])

# Bytes of batches that are drawn at once: they should fit into a core's own cache until they are used.
_AT_ONCE = 2**18
_MOST_AT_ONCE = 64


class BatchSource(Protocol):
    """Gives batches to learn from, and takes back their TD errors."""

    def batches(self, step: int, updates: int) -> Iterator[TransitionBatch]:
        """Give a batch of tensors for each of `updates` learner updates at environment step `step`.

        Nothing may be stored in the buffer before the last of them is taken.
        """
        ...

    def update_priorities(self, batch: Any, td_error: Tensor) -> None:
        """Use the TD errors, `(B,)`, of the rows of `batch`; called before the next batch is taken."""
        ...


class Drawer(Protocol):
    """A source that draws each batch into memory of its own."""

    def slot(self, *, pin_memory: bool, frames: bool = False) -> Any:
        """Return memory for a batch.

        Args:
            pin_memory: whether it is pinned, and so copied to a GPU without waiting.
            frames: whether the batch goes to another device, which can make stacks of their frames: a source
                gives frames then if they are fewer (`FrameBatch`).
        """
        ...

    def draw(self, step: int, slot: Any) -> TransitionBatch:
        """Return a batch on the CPU for environment step `step`, valid until its slot is used again."""
        ...

    def update_priorities(self, batch: Any, td_error: Tensor) -> None:
        """Use the TD errors, `(B,)` on the CPU, of the rows of a batch that `draw` returned."""
        ...


class DrawingSource(BatchSource, Drawer, Protocol):
    """A source that does both: what the learner takes as it is, and what a hand-off draws from."""


def _slot(
    buffer: ReplayBuffer, batch_size: int, n_step: int | None, *, pin_memory: bool, frames: bool
) -> Batch[Any] | FrameBatch[Any]:
    """Return memory for a batch, of frames if an observation and the one n steps later share any."""
    assert buffer.schema is not None, "it knows its spaces"
    longest = max(leaf.frames for leaf in trees.leaves(buffer.schema.obs))
    shares = longest > (buffer.n_step if n_step is None else n_step)
    return buffer.empty_batch(batch_size, torch=True, pin_memory=pin_memory, frames=frames and shares)


class UniformBatches:
    """Samples every stored transition with the same probability.

    Batches of consecutive updates are drawn together. They are the same as one by one; but an update pushes
    the buffer out of the processor's caches, and so it is read once for several updates.

    Args:
        buffer: holds the transitions; it must know its spaces.
        batch_size: rows of each batch.
        n_step: environment steps that each transition spans; None is the buffer's own.
        gamma: discount factor of one environment step; None is the buffer's own.
    """

    def __init__(
        self, buffer: ReplayBuffer, batch_size: int, *, n_step: int | None = None, gamma: float | None = None
    ) -> None:
        self.buffer = buffer
        self.batch_size = batch_size
        self._horizon: dict[str, Any] = {"n_step": n_step, "gamma": gamma}
        at_once = min(max(_AT_ONCE // buffer.empty_batch(batch_size).nbytes, 1), _MOST_AT_ONCE)
        drawn = buffer.empty_batch(at_once * batch_size)
        ends = range(batch_size, at_once * batch_size + 1, batch_size)
        self._first = [drawn.rows(0, end) for end in ends]  # one batch, two, three ...
        self._batches = [drawn.rows(end - batch_size, end).torch() for end in ends]

    def slot(self, *, pin_memory: bool, frames: bool = False) -> Batch[Any] | FrameBatch[Any]:
        """Return memory for a batch."""
        n_step = self._horizon["n_step"]
        return _slot(self.buffer, self.batch_size, n_step, pin_memory=pin_memory, frames=frames)

    def draw(self, step: int, slot: Slot) -> Slot:
        """Draw a single batch into its slot; `step` is ignored."""
        frames = isinstance(slot, FrameBatch)
        return self.buffer.sample(self.batch_size, **self._horizon, frames=frames, out=slot)

    def batches(self, step: int, updates: int) -> Iterator[Batch[Any]]:
        """Give a batch of tensors for each update; `step` is ignored."""
        while updates > 0:
            count = min(updates, len(self._batches))
            self.buffer.sample(count * self.batch_size, **self._horizon, out=self._first[count - 1])
            yield from self._batches[:count]
            updates -= count

    def update_priorities(self, batch: Batch[Any] | FrameBatch[Any], td_error: Tensor) -> None:
        """Do nothing: a uniform buffer has no priorities."""


class PrioritizedBatches:
    """Samples transitions with a large TD error more often (prioritised replay, Schaul et al., 2016).

    Args:
        buffer: holds the transitions and their priorities; it must know its spaces.
        batch_size: rows of each batch.
        beta_schedule: exponent of the importance weights at each environment step, in [0, 1].
        n_step: environment steps that each transition spans; None is the buffer's own.
        gamma: discount factor of one environment step; None is the buffer's own.
    """

    def __init__(
        self,
        buffer: PrioritizedReplayBuffer,
        batch_size: int,
        beta_schedule: Schedule,
        *,
        n_step: int | None = None,
        gamma: float | None = None,
    ) -> None:
        self.buffer = buffer
        self.batch_size = batch_size
        self.beta_schedule = beta_schedule
        self._horizon: dict[str, Any] = {"n_step": n_step, "gamma": gamma}
        self._batch = buffer.empty_batch(batch_size, torch=True)

    def slot(self, *, pin_memory: bool, frames: bool = False) -> Batch[Any] | FrameBatch[Any]:
        """Return memory for a batch."""
        n_step = self._horizon["n_step"]
        return _slot(self.buffer, self.batch_size, n_step, pin_memory=pin_memory, frames=frames)

    def draw(self, step: int, slot: Slot) -> Slot:
        """Draw a batch into its slot, with importance weights by the beta of step `step`."""
        beta, frames = self.beta_schedule(step), isinstance(slot, FrameBatch)
        return self.buffer.sample(self.batch_size, beta=beta, **self._horizon, frames=frames, out=slot)

    def batches(self, step: int, updates: int) -> Iterator[Batch[Any]]:
        """Give a batch of tensors for each update, with importance weights by the beta of step `step`."""
        for _ in range(updates):
            yield self.draw(step, self._batch)

    def update_priorities(self, batch: Batch[Any] | FrameBatch[Any], td_error: Tensor) -> None:
        """Set the priorities of the rows to |td_error|; the buffer adds priority_eps and applies alpha."""
        self.buffer.update_priorities(batch.indices.numpy(), td_error.abs().numpy())
