"""What outputs mean beside a prior policy: values that pay for every word that the prior would not say."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional


class PriorOutputs(NamedTuple):
    """Outputs for N observations.

    Attributes:
        prior: logits of the prior policy p, `(..., A)`.
        q: value of each action, `(..., A)`.
    """

    prior: Tensor
    q: Tensor


class PriorValues:
    """Logits of a prior policy p and action values, whose policy is p(a|s) · exp(Q(s, a) / beta), normalised.

    It earns the most when beta · KL(policy, p) is taken off (Haarnoja et al., 2017, with a prior other than
    the uniform one). A state is then worth V(s) = beta · log Σ p(a|s) exp(Q(s, a) / beta).

    Args:
        beta: what a nat of difference from the prior costs, in units of the reward, above 0.
    """

    outputs_per_action = 1

    def __init__(self, beta: float) -> None:
        self.beta = beta

    def head_sizes(self, num_actions: int) -> dict[str, int]:
        """Return the outputs of each head, by name."""
        return {"prior": num_actions, "q": num_actions}

    def split(self, outputs: Tensor) -> PriorOutputs:
        """Return the parts of outputs `(..., 2 A)`, which are views of them."""
        return PriorOutputs(*outputs.chunk(2, -1))

    def join(self, parts: PriorOutputs) -> Tensor:
        """Return the outputs whose parts these are, `(..., 2 A)`."""
        return torch.cat(parts, -1)

    def values(self, outputs: Tensor) -> Tensor:
        """Return the policy's logits, log p + Q / beta, `(..., A)`."""
        parts = self.split(outputs)
        return functional.log_softmax(parts.prior, -1).add_(parts.q, alpha=1 / self.beta)

    def value(self, outputs: Tensor) -> Tensor:
        """Return V, `(...)`."""
        return torch.logsumexp(self.values(outputs), -1) * self.beta


class PriorAlone:
    """Logits of a policy, and nothing else: that of a language model before it learns values."""

    outputs_per_action = 1

    def values(self, outputs: Tensor) -> Tensor:
        """Return the logits, `(..., A)`."""
        return outputs
