"""A Q-network of many actions, such as the words of a vocabulary: a value costs one row of the last layer.

The last layer has a row for each action. Where one action is asked for, its row alone is multiplied; where
all are compared, few decisions are looked at together. So no tensor holds a value of every action for every
step of a text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from dqn_fast import trees
from dqn_fast.agent.networks.heads import Heads
from dqn_fast.agent.networks.q_network import QNetwork

_AT_ONCE = 2**22  # values of actions that are computed together where all are compared


class ManyActions(QNetwork):
    """A Q-network whose head, or each of whose heads, ends in a linear layer with a row for each action."""

    def at(self, obs: Any, action: Tensor, whole: tuple[str, ...] = ()) -> Tensor:
        """Return the outputs as if the action of each row were the only one, `(B, heads)` float32.

        Args:
            obs: as for `forward`.
            action: `(B,)` int64.
            whole: names of heads that give their outputs of all actions instead.

        Raises:
            ValueError: if there is no head of such a name.
        """
        features = self.body(self.encoder(obs))
        heads = dict(self.head.items()) if isinstance(self.head, Heads) else {"": self.head}
        if unknown := set(whole) - set(heads):
            raise ValueError(f"whole: got {', '.join(unknown)}, expected some of {', '.join(heads)}")
        parts = [
            head(features) if name in whole else self._one(head, features, action)
            for name, head in heads.items()
        ]
        return torch.cat(parts, 1)

    def reduced(self, obs: Any, reduce: Callable[[Tensor], Tensor]) -> Tensor:
        """Return what `reduce` makes of each row's outputs, `(B, ...)`; see `QNetwork`."""
        rows = max(_AT_ONCE // self.num_actions, 1)
        parts = [
            reduce(self(trees.map(lambda leaf, at=begin: leaf[at : at + rows], obs)))
            for begin in range(0, trees.length(obs), rows)
        ]
        return torch.cat(parts)

    def _one(self, head: nn.Module, features: Tensor, action: Tensor) -> Tensor:
        *before, last = head if isinstance(head, nn.Sequential) else [head]
        for layer in before:
            features = layer(features)
        linear = cast(nn.Linear, last)
        if linear.out_features != self.num_actions:  # of the state, whatever the action
            value: Tensor = linear(features)
            return value
        weight = functional.embedding(action, linear.weight)
        return (features * weight).sum(1, keepdim=True) + linear.bias[action].unsqueeze(1)
