"""What a sequence network takes: windows of consecutive steps, and single cells of them."""

from __future__ import annotations

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
        action: int64, what was done in the step before; 0 where there is none.
        reward: float32, what that earned; 0 where there is none.
    """

    obs: Any
    action: Tensor
    reward: Tensor

    def flat(self) -> Inputs:
        """Return the same with one leading axis, `(B * T,)`."""
        return Inputs(
            trees.map(lambda leaf: leaf.flatten(0, 1), self.obs), self.action.flatten(), self.reward.flatten()
        )

    def as_column(self) -> Inputs:
        """Return one step of N sequences as `(N, 1)`."""
        column: Inputs = Inputs(
            trees.map(lambda leaf: leaf.unsqueeze(1), self.obs), self.action[:, None], self.reward[:, None]
        )
        return column

    def until(self, column: int) -> Inputs:
        """Return the columns before this one, `(B, column)`."""
        obs = trees.map(lambda leaf: leaf[:, :column], self.obs)
        return Inputs(obs, self.action[:, :column], self.reward[:, :column])


class BurnIn(NamedTuple):
    """Steps before a window that nothing is learned from; they only lead to the state at its beginning.

    Attributes:
        inputs: `(B, S, ...)`, aligned left: those of the window stand behind them.
        lengths: `(B,)` int64, how many steps of each row are before the window, from 0 to S.
    """

    inputs: Inputs
    lengths: Tensor


class Window(NamedTuple):
    """B rows of T consecutive steps, aligned left.

    Attributes:
        inputs: `(B, T, ...)`. Behind the last step of a row stands anything that is finite and that the
            encoder can read.
        state: what is remembered before the first step, or before the burn-in; None begins anew.
        burn_in: the steps before; None if there are none.
    """

    inputs: Inputs
    state: State | None = None
    burn_in: BurnIn | None = None


class Cells(NamedTuple):
    """K cells of a window, which stand for K observations: to a network that remembers, each has a history.

    Attributes:
        window: all steps.
        at: `(K,)` int64, row * T + column of each cell.
    """

    window: Window
    at: Tensor

    def obs(self) -> Any:
        """Return the observations of the cells alone, `(K, ...)`."""
        return trees.map(lambda leaf: leaf[self.at], self.window.inputs.flat().obs)
