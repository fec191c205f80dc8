"""What a sequence network takes: windows of consecutive steps, and single cells of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from torch import Tensor

from dqn_fast import trees

#: What a network remembers of N sequences: tensors by name, `(N, ...)` each.
State = dict[str, Tensor]


class Inputs(NamedTuple):
    """What is known at a step when its action is chosen.

    The leading axes are `(N,)` for one step of N sequences, and `(B, T)` for T steps of B sequences.

    Attributes:
        obs: observations, a tensor or a (nested) dict of them.
        action: int64, the action of the step before; 0 where there is none.
        reward: float32, the reward of that action; 0 where there is none.
    """

    obs: Any
    action: Tensor
    reward: Tensor

    def map(self, function: Callable[[Tensor], Tensor]) -> Inputs:
        """Return the same with every tensor replaced."""
        return Inputs(trees.map(function, self.obs), function(self.action), function(self.reward))

    def flat(self) -> Inputs:
        """Return the same with one leading axis, `(B * T,)`."""
        return self.map(lambda leaf: leaf.flatten(0, 1))

    def as_column(self) -> Inputs:
        """Return one step of N sequences as `(N, 1)`."""
        return self.map(lambda leaf: leaf.unsqueeze(1))

    def until(self, column: int) -> Inputs:
        """Return the columns before this one, `(B, column)`."""
        return self.map(lambda leaf: leaf[:, :column])


class BurnIn(NamedTuple):
    """Steps before a window, from which only the state at its beginning is computed.

    Attributes:
        inputs: `(B, S, ...)`, aligned left: those of the window stand behind them.
        lengths: `(B,)` int64, how many steps of each row are before the window, from 0 to S.
    """

    inputs: Inputs
    lengths: Tensor


class Window(NamedTuple):
    """B rows of T consecutive steps, aligned left.

    Attributes:
        inputs: `(B, T, ...)`. Cells behind a row's last step may hold anything finite that the encoder
            accepts.
        state: what is remembered before the first step, or before the burn-in; None begins anew.
        burn_in: the steps before; None if there are none.
    """

    inputs: Inputs
    state: State | None = None
    burn_in: BurnIn | None = None

    def map(self, function: Callable[[Tensor], Tensor]) -> Window:
        """Return the same with every tensor replaced."""
        state, burn_in = self.state, self.burn_in
        return Window(
            self.inputs.map(function),
            None if state is None else {part: function(value) for part, value in state.items()},
            burn_in and BurnIn(burn_in.inputs.map(function), function(burn_in.lengths)),
        )


class Cells(NamedTuple):
    """K cells of a window. To a network that remembers they are K observations, each with its history.

    Attributes:
        window: all steps.
        at: `(K,)` int64, row * T + column of each cell.
    """

    window: Window
    at: Tensor

    def obs(self) -> Any:
        """Return the observations of the cells alone, `(K, ...)`."""
        return trees.map(lambda leaf: leaf[self.at], self.window.inputs.flat().obs)
