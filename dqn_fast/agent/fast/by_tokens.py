"""One pass of a token network over a window, and outputs at the cells that are asked for alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from dqn_fast import trees
from dqn_fast.agent.networks.token_network import TokenNetwork
from dqn_fast.agent.networks.windows import Cells, Window


class ByTokens:
    """Runs a token network by PyTorch's autograd: its model once over each window, its head at cells.

    `ByCells` keeps the outputs of all steps, which would be as many for each as a vocabulary has words. Here
    what is remembered is kept between `trace` and its backward pass.

    Args:
        q_net: the network.
    """

    off = torch.no_grad

    def __init__(self, q_net: TokenNetwork) -> None:
        self.values = q_net.values
        self._q_net = q_net
        self._traced: tuple[Window, Any] | None = None

    def __call__(self, obs: Cells) -> Tensor:
        """Return the outputs of the cells, `(K, ...)`."""
        outputs: Tensor = self._q_net.head(self._rows(obs))
        return outputs

    def at(self, obs: Cells, action: Tensor, whole: tuple[str, ...] = ()) -> Tensor:
        """Return outputs of these actions of the cells; see `QNetwork.at`."""
        return self._q_net.head.at(self._rows(obs), action, whole)

    def reduced(self, obs: Cells, reduce: Callable[[Tensor], Tensor]) -> Tensor:
        """Return what `reduce` makes of each cell's outputs, `(K, ...)`; see `QNetwork.reduced`."""
        return self._q_net.head.reduced(self._rows(obs), reduce)

    def best_action(self, obs: Cells, needed: Tensor) -> Tensor:
        """Return the best action of each cell, `(K,)` int64."""
        return self._q_net.head.best_action(self._rows(obs), needed)

    def trace(
        self, obs: Cells, action: Tensor | None = None, whole: tuple[str, ...] = ()
    ) -> tuple[Tensor, Callable[[Tensor], Any]]:
        """Return the outputs of the cells, `(K, ...)`, and their backward pass."""
        net, window = self._q_net, obs.window
        with torch.enable_grad():
            everywhere = net.rows(net.remember(window), window.inputs)
            rows = _at(everywhere, obs)
            outputs = net.head(rows) if action is None else net.head.at(rows, action, whole)
        self._traced = window, trees.map(torch.Tensor.detach, everywhere)

        def backward(gradient: Tensor) -> None:
            self._traced = None
            outputs.backward(gradient)

        return outputs.detach(), backward

    def _rows(self, obs: Cells) -> Any:
        if self._traced is not None and self._traced[0] is obs.window:
            return _at(self._traced[1], obs)
        return _at(self._q_net.rows(self._q_net.recall(obs.window), obs.window.inputs), obs)


def _at(rows: Any, obs: Cells) -> Any:
    return trees.map(lambda leaf: leaf[obs.at], rows)
