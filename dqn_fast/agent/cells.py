"""The cells of sequences that are learned from, as a batch of transitions like any other.

So every objective for transitions learns from sequences, too, in one pass of the network over each row.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from dqn_fast import SequenceBatch
from dqn_fast.agent.networks.windows import BurnIn, Cells, Inputs, State, Window


@dataclass(slots=True)
class CellBatch:
    """K transitions of B rows, as `TransitionBatch` has them: one for each cell to learn from.

    Attributes:
        obs: the cells.
        action: `(K,)` int64.
        reward: `(K,)`, n-step returns.
        next_obs: the cells to bootstrap from; where `discount` is 0, the cells themselves.
        discount: `(K,)`.
        weights: `(K,)` float32, importance weights of the cells' rows.
        row: `(K,)` int64, the row of each cell.
        indices: `(B,)` int64, of the rows, to update their priorities by.
    """

    obs: Cells
    action: Tensor
    reward: Tensor
    next_obs: Cells
    discount: Tensor
    weights: Tensor
    row: Tensor
    indices: Tensor


def make_cells(
    rows: SequenceBatch[Tensor],
    previous_action: Tensor,
    previous_reward: Tensor,
    state: State | None = None,
    *,
    burn_in: bool = False,
) -> CellBatch:
    """Return the cells of sequences to learn from.

    Columns that no target needs, such as padding and the observation behind a terminated step, are cut off or
    filled with their row's first observation. What stood there may be NaN, and 0 times NaN in the backward
    pass would make every weight NaN.

    Args:
        rows: tensors; only read.
        previous_action: `(B, columns of obs)` int64, the action of the step before; 0 where there is none.
        previous_reward: `(B, columns of obs)`, the reward of that action; 0 where there is none.
        state: before column 0, `(B, ...)` each; None begins anew.
        burn_in: whether rows have steps before the drawn one; no gradient flows back to these.

    Raises:
        ValueError: if there is no cell to learn from.
    """
    row, column = rows.learn.nonzero(as_tuple=True)
    if not len(row):
        raise ValueError(f"rows: got {len(rows.weights)} without a step to learn from, expected at least one")
    goes_on = rows.learn & (rows.discount != 0)
    ends = torch.maximum(rows.mask.sum(1), ((rows.bootstrap + 1) * goes_on).amax(1))
    if burn_in:
        begins = (rows.step_indices == rows.indices[:, None]).byte().argmax(1)
    else:
        begins = torch.zeros_like(ends)
    width = int((ends - begins).max())
    inputs = Inputs(rows.obs, previous_action, previous_reward)
    window = Window(_cut(inputs, begins, ends, width), state, _burn_in(inputs, begins, ends))
    learned = row * rows.learn.shape[1] + column

    def at_learned(part: Tensor) -> Tensor:
        return part.flatten().index_select(0, learned)

    first = row * width - begins.index_select(0, row)  # where the row's column 0 would be in the window
    cell, discount = first + column, at_learned(rows.discount)
    following = torch.where(discount != 0, first + at_learned(rows.bootstrap), cell)
    return CellBatch(
        Cells(window, cell),
        at_learned(rows.action).long(),
        at_learned(rows.reward),
        Cells(window, following),
        discount,
        rows.weights.index_select(0, row),
        row,
        rows.indices,
    )


def _burn_in(inputs: Inputs, begins: Tensor, ends: Tensor) -> BurnIn | None:
    if not begins.any():
        return None
    return BurnIn(_cut(inputs, torch.zeros_like(begins), ends, int(ends.max())), begins)


def _cut(inputs: Inputs, begins: Tensor, ends: Tensor, width: int) -> Inputs:
    """Return columns `begins` to `ends` of each row, aligned left; the first of them fills the rest."""
    where = begins[:, None] + torch.arange(width)
    where = torch.where(where < ends[:, None], where, begins[:, None])
    where += torch.arange(len(begins))[:, None] * inputs.action.shape[1]

    def cut(leaf: Tensor) -> Tensor:
        taken = leaf.flatten(0, 1).index_select(0, where.flatten())  # faster than two indices
        return taken.view(*where.shape, *leaf.shape[2:])

    return inputs.map(cut)
