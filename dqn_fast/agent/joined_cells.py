"""Cells of two batches of sequences as those of one."""

from __future__ import annotations

import torch
from torch import Tensor

from dqn_fast import trees
from dqn_fast.agent.networks.windows import BurnIn, Cells, Inputs, Window


def join_cells(one: tuple[Cells, ...], other: tuple[Cells, ...]) -> tuple[Cells, ...]:
    """Return cells of one window, of which the rows of another one stand behind its own.

    Args:
        one: cells of one and the same window, such as those of a batch and those to bootstrap from.
        other: as many, of the other window.

    Raises:
        ValueError: if a window has a state, since networks differ in what they remember.
    """
    windows = one[0].window, other[0].window
    joined = _join_windows(*windows)
    (rows, columns), (_, other_columns) = (window.inputs.action.shape for window in windows)
    width = joined.inputs.action.shape[1]
    return tuple(
        Cells(
            joined,
            torch.cat(
                [_moved(here.at, columns, width), _moved(there.at, other_columns, width) + rows * width]
            ),
        )
        for here, there in zip(one, other, strict=True)
    )


def _join_windows(one: Window, other: Window) -> Window:
    if one.state is not None or other.state is not None:
        raise ValueError("state: got one that was stored, expected None in both windows")
    burn_in = None
    if one.burn_in or other.burn_in:
        here, there = (_burn_in(window) for window in (one, other))
        burn_in = BurnIn(_join_inputs(here.inputs, there.inputs), torch.cat([here.lengths, there.lengths]))
    return Window(_join_inputs(one.inputs, other.inputs), None, burn_in)


def _burn_in(window: Window) -> BurnIn:
    """Return the steps before a window; without any, the window itself behind no step."""
    rows = len(window.inputs.action)
    return window.burn_in or BurnIn(window.inputs, torch.zeros(rows, dtype=torch.int64))


def _join_inputs(one: Inputs, other: Inputs) -> Inputs:
    width = max(one.action.shape[1], other.action.shape[1])

    def join(here: Tensor, there: Tensor) -> Tensor:
        return torch.cat([_widened(here, width), _widened(there, width)])

    return Inputs(
        trees.map(join, one.obs, other.obs), join(one.action, other.action), join(one.reward, other.reward)
    )


def _widened(leaf: Tensor, width: int) -> Tensor:
    """Return rows `(B, T, ...)` with so many columns; the first of each fills the further ones."""
    more = width - leaf.shape[1]
    return torch.cat([leaf, leaf[:, :1].expand(-1, more, *leaf.shape[2:])], 1) if more else leaf


def _moved(at: Tensor, columns: int, width: int) -> Tensor:
    """Return where cells of rows of so many columns are in rows of that width."""
    return at.div(columns, rounding_mode="floor") * width + at % columns
