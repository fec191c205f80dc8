"""Batches of sequences, for networks that remember: whole episodes, or windows of a fixed length."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import torch
from torch import Tensor

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer, SequenceBatch
from dqn_fast.agent.cells import CellBatch, make_cells
from dqn_fast.agent.objectives.losses import mixed_priority
from dqn_fast.agent.schedules import Schedule
from dqn_fast.agent.sequence_policy import STATE


class Draw(Protocol):
    """Draws sequences from a buffer."""

    buffer: ReplayBuffer

    def slot(self) -> Any:
        """Return memory that a draw uses."""
        ...

    def __call__(self, beta: float | None, slot: Any) -> CellBatch:
        """Return the cells of drawn sequences, valid until `slot` is used again.

        Args:
            beta: exponent of importance weights; None of none.
            slot: of this object's `slot`.
        """
        ...


class SequenceBatches:
    """Gives batches of sequences, and gives each sequence one priority if the buffer has priorities.

    Args:
        draw: draws the sequences.
        beta_schedule: exponent of the importance weights at each environment step, in [0, 1], for a
            prioritised buffer.
        priority_mix: share of the largest |TD error| in a sequence's priority (`mixed_priority`).
    """

    def __init__(self, draw: Draw, beta_schedule: Schedule | None = None, priority_mix: float = 0.9) -> None:
        self._draw = draw
        self._beta_schedule = beta_schedule
        self._priority_mix = priority_mix
        self._slot = draw.slot()

    def slot(self, *, pin_memory: bool, frames: bool = False) -> Any:
        """Return memory for a batch; the cells are in new memory, which is not pinned, as whole stacks."""
        return self._draw.slot()

    def draw(self, step: int, slot: Any) -> CellBatch:
        """Draw a batch, with importance weights by the beta of step `step`."""
        return self._draw(self._beta_schedule(step) if self._beta_schedule else None, slot)

    def batches(self, step: int, updates: int) -> Iterator[CellBatch]:
        """Give a batch of tensors for each update."""
        for _ in range(updates):
            yield self.draw(step, self._slot)

    def update_priorities(self, batch: CellBatch, td_error: Tensor) -> None:
        """Set the priority of each sequence by the TD errors of its cells, if there are priorities."""
        if isinstance(self._draw.buffer, PrioritizedReplayBuffer):
            # Rows stand in order; one without a cell keeps its priority.
            rows, row = torch.unique_consecutive(batch.row, return_inverse=True)
            priority = mixed_priority(td_error, row, self._priority_mix)
            self._draw.buffer.update_priorities(batch.indices[rows].numpy(), priority.numpy())


class EpisodeDraw:
    """Draws whole segments: episodes, or the parts of them that are held, or recorded so far.

    Args:
        buffer: holds the steps.
        batch_size: segments of each batch.
        n_step: environment steps that each transition spans.
        gamma: discount factor of one environment step; None is the buffer's own.
    """

    def __init__(
        self, buffer: ReplayBuffer, batch_size: int, n_step: int, gamma: float | None = None
    ) -> None:
        self.buffer = buffer
        self._batch_size = batch_size
        self._n_step = n_step
        self._gamma = gamma

    def slot(self) -> None:
        """Return nothing: every draw is in new memory."""

    def __call__(self, beta: float | None, slot: None = None) -> CellBatch:
        """Return the cells of drawn segments."""
        segments = self.buffer.sample_segments(
            self._batch_size, n_step=self._n_step, gamma=self._gamma, beta=beta
        )
        rows = segments.padded().torch()
        columns = rows.mask.shape[1] + 1
        action = torch.zeros(len(rows.weights), columns, dtype=torch.int64)
        reward = torch.zeros(len(rows.weights), columns)
        action[:, 1:], reward[:, 1:] = rows.action, self._one_step_reward(rows)
        return make_cells(rows, action, reward)

    def _one_step_reward(self, rows: SequenceBatch[Tensor]) -> Tensor:
        """Return the reward of each step alone, `(B, T)`."""
        if self._n_step == 1:
            return rows.reward
        reward = torch.zeros_like(rows.reward)
        steps = rows.step_indices[rows.acted].numpy()
        reward[rows.acted] = torch.from_numpy(self.buffer.transitions(steps, n_step=1).reward)
        return reward


class WindowDraw:
    """Draws windows of `length` steps with up to `burn_in` steps before them (Kapturowski et al., 2019).

    Each step is as likely to be a window's first as any other, or in proportion to its priority.

    Args:
        buffer: holds the steps; it must know its spaces.
        batch_size: windows of each batch.
        length: steps of each window.
        burn_in: steps before it, from which only the state at its beginning is computed.
        n_step: environment steps that each transition spans.
        gamma: discount factor of one environment step; None is the buffer's own.

    The state before the burn-in is the stored one if the buffer stores states (`SequencePolicy`), and an
    empty one otherwise.
    """

    def __init__(
        self,
        buffer: ReplayBuffer,
        batch_size: int,
        length: int,
        *,
        burn_in: int,
        n_step: int,
        gamma: float | None = None,
    ) -> None:
        self.buffer = buffer
        self._sizes = batch_size, length
        self._options: dict[str, Any] = {"burn_in": burn_in, "n_step": n_step, "previous": True}
        self._gamma = gamma

    def slot(self) -> SequenceBatch[Tensor]:
        """Return memory for a batch of windows."""
        rows: SequenceBatch[Tensor] = self.buffer.empty_sequences(*self._sizes, **self._options, torch=True)
        return rows

    def __call__(self, beta: float | None, slot: SequenceBatch[Tensor]) -> CellBatch:
        """Return the cells of drawn windows."""
        rows = self.buffer.sample_sequences(
            *self._sizes, **self._options, gamma=self._gamma, beta=beta, out=slot
        )
        stored = {
            name.removeprefix(STATE): field[:, 0]
            for name, field in rows.extra.items()
            if name.startswith(STATE)
        }
        state = {part: value.masked_fill(rows.is_first[:, None], 0) for part, value in stored.items()}
        assert rows.previous_action is not None and rows.previous_reward is not None, "asked for"
        return make_cells(
            rows,
            rows.previous_action,
            rows.previous_reward,
            state or None,
            burn_in=self._options["burn_in"] > 0,
        )
