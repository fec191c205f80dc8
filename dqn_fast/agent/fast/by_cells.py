"""One pass of a sequence network over a window, for all of its cells that are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from dqn_fast.agent.networks.sequence_network import SequenceNetwork
from dqn_fast.agent.networks.windows import Cells, Window


class ByCells:
    """Runs a sequence network by PyTorch's autograd, once over each window.

    The cells to learn from and those to bootstrap from lie in the same window. So between `trace` and its
    backward pass, after which the parameters change, all cells of the window are looked up.

    Args:
        q_net: the network.
    """

    off = torch.no_grad

    def __init__(self, q_net: SequenceNetwork) -> None:
        self.values = q_net.values
        self._q_net = q_net
        self._traced: tuple[Window, Tensor] | None = None

    def __call__(self, obs: Cells) -> Tensor:
        """Return the outputs of the cells, `(K, ...)`."""
        if self._traced is not None and self._traced[0] is obs.window:
            return self._traced[1][obs.at]
        return self._q_net.look(obs.window).flatten(0, 1)[obs.at]

    def at(self, obs: Cells, action: Tensor, whole: tuple[str, ...] = ()) -> Tensor:
        """Return the outputs of all actions of the cells, `(K, ...)`."""
        return self(obs)

    def reduced(self, obs: Cells, reduce: Callable[[Tensor], Tensor]) -> Tensor:
        """Return what `reduce` makes of each cell's outputs, `(K, ...)`."""
        return reduce(self(obs))

    def best_action(self, obs: Cells, needed: Tensor) -> Tensor:
        """Return the best action of each cell, `(K,)` int64."""
        return self.values(self(obs)).argmax(1)

    def trace(
        self, obs: Cells, action: Tensor | None = None, whole: tuple[str, ...] = ()
    ) -> tuple[Tensor, Callable[[Tensor], Any]]:
        """Return the outputs of the cells, `(K, ...)`, and their backward pass."""
        with torch.enable_grad():
            everywhere = self._q_net(obs.window).flatten(0, 1)
            outputs = everywhere[obs.at]
        self._traced = obs.window, everywhere.detach()

        def backward(gradient: Tensor) -> None:
            self._traced = None
            outputs.backward(gradient)

        return outputs.detach(), backward
