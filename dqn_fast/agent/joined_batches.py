"""Batches of two sources as one, such as an agent's own steps and demonstrations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from dqn_fast import trees
from dqn_fast.agent.batch_source import DrawingSource
from dqn_fast.agent.joined_cells import join_cells
from dqn_fast.agent.networks.windows import Cells
from dqn_fast.agent.objectives.objective import TransitionBatch


@dataclass(slots=True)
class JoinedBatch:
    """Rows of a batch, then those of another one; the fields are those of `dqn_fast.Batch`.

    Attributes:
        parts: the two batches.
    """

    obs: Any
    action: Tensor
    reward: Tensor
    next_obs: Any
    discount: Tensor
    weights: Tensor
    parts: tuple[TransitionBatch, TransitionBatch]


class JoinedBatches:
    """Joins a batch of each of two sources, of transitions or of sequences alike, for every update.

    Each source draws by its own rule, with its own importance weights, and gets the TD errors of its own
    rows. So each source's share of an update is its share of the rows (Hester et al., 2018, let priorities
    decide that; Ball et al., 2023, take halves).

    Args:
        own: gives the rows that come first.
        other: gives the rows behind them.
    """

    def __init__(self, own: DrawingSource, other: DrawingSource) -> None:
        self._sources = own, other

    def slot(self, *, pin_memory: bool, frames: bool = False) -> Any:
        """Return memory for a batch of each; the rows that are joined are in new memory, as whole stacks."""
        return tuple(source.slot(pin_memory=False) for source in self._sources)

    def draw(self, step: int, slot: Any) -> JoinedBatch:
        """Draw a batch of each into its slot, and join them."""
        own, other = (source.draw(step, one) for source, one in zip(self._sources, slot, strict=True))
        return _joined(own, other)

    def batches(self, step: int, updates: int) -> Iterator[JoinedBatch]:
        """Give a batch of tensors for each update."""
        given = [source.batches(step, updates) for source in self._sources]
        for parts in zip(*given, strict=True):
            yield _joined(*parts)

    def update_priorities(self, batch: JoinedBatch, td_error: Tensor) -> None:
        """Give each source the TD errors of its rows."""
        sizes = [len(part.weights) for part in batch.parts]
        for source, part, its_error in zip(
            self._sources, batch.parts, torch.split(td_error, sizes), strict=True
        ):
            source.update_priorities(part, its_error)


def _joined(one: TransitionBatch, other: TransitionBatch) -> JoinedBatch:
    def rows(name: str) -> Any:
        return trees.map(lambda *leaves: torch.cat(leaves), getattr(one, name), getattr(other, name))

    if isinstance(one.obs, Cells):
        obs, next_obs = join_cells((one.obs, one.next_obs), (other.obs, other.next_obs))
    else:
        obs, next_obs = rows("obs"), rows("next_obs")
    return JoinedBatch(
        obs, rows("action"), rows("reward"), next_obs, rows("discount"), rows("weights"), (one, other)
    )
