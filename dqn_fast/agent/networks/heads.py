"""Several heads on one body: their outputs lie side by side in one tensor."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional


class Heads(nn.ModuleDict):
    """Heads by name, whose outputs are joined along the last axis in the order of the names.

    Args:
        modules: each from features to `(B, its outputs)`.
    """

    def forward(self, features: Tensor) -> Tensor:
        """Return the outputs of all heads, `(B, sum of their outputs)`."""
        return torch.cat([head(features) for head in self.values()], -1)


class ImplicitOutputs(NamedTuple):
    """Outputs of an implicit Q-learning network for N observations, or gradients of the same shapes.

    Attributes:
        q: value of each action, `(..., A)`.
        q2: a second, separate estimate: the lower of the two overestimates less.
        policy: logits of the policy that is cloned from the data, `(..., A)`.
        value: of the observation, `(...)`.
    """

    q: Tensor
    q2: Tensor
    policy: Tensor
    value: Tensor

    def least_q(self) -> Tensor:
        """Return the lower of both values of each action, `(..., A)`."""
        return torch.minimum(self.q, self.q2)


class ImplicitValues:
    """Two values of each action, a cloned policy and a state's value (implicit Q-learning).

    It acts by log pi + beta · (min Q - V): the action that the data's policy takes, unless another is better
    by enough (Snell et al., 2023, who take both from heads of one network).

    Args:
        beta: how much an advantage counts beside a log-probability, at least 0.
    """

    outputs_per_action = 1

    def __init__(self, beta: float) -> None:
        self.beta = beta

    def head_sizes(self, num_actions: int) -> dict[str, int]:
        """Return the outputs of each head, by name; q comes first."""
        return {"q": num_actions, "q2": num_actions, "policy": num_actions, "value": 1}

    def split(self, outputs: Tensor, num_actions: int | None = None) -> ImplicitOutputs:
        """Return the parts of outputs `(..., 3 A + 1)`, which are views of them.

        Args:
            outputs: of a network.
            num_actions: of the policy, if values may be of the action taken alone: `(..., A + 3)`.
        """
        policies = outputs.shape[-1] // 3 if num_actions is None else num_actions
        values = (outputs.shape[-1] - 1 - policies) // 2
        q, q2, policy, value = torch.split(outputs, [values, values, policies, 1], -1)
        return ImplicitOutputs(q, q2, policy, value.squeeze(-1))

    def join(self, parts: ImplicitOutputs) -> Tensor:
        """Return the outputs whose parts these are, `(..., 3 A + 1)`."""
        return torch.cat([parts.q, parts.q2, parts.policy, parts.value.unsqueeze(-1)], -1)

    def values(self, outputs: Tensor) -> Tensor:
        """Return the preference for each action, log pi + beta · (min Q - V), `(..., A)`."""
        parts = self.split(outputs)
        advantage = parts.least_q() - parts.value.unsqueeze(-1)
        return functional.log_softmax(parts.policy, -1).add_(advantage, alpha=self.beta)
