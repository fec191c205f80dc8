"""Soft Q-learning with a prior policy (Haarnoja et al., 2017; for language models Jaques et al., 2017)."""

from __future__ import annotations

import torch
from torch import Tensor

from dqn_fast.agent.fast import Values
from dqn_fast.agent.networks.prior import PriorOutputs, PriorValues
from dqn_fast.agent.objectives.losses import Loss, at_action, chosen, td_target
from dqn_fast.agent.objectives.objective import ObjectiveResult, TransitionBatch


class SoftObjective:
    """Moves Q of the action taken towards reward + discount · V of the next observation.

    V(s) = beta log Σ p(a|s) exp(Q(s, a) / beta). Where no action differs in value, V is that value: the prior
    costs nothing.

    Args:
        heads: of the network and its target: the prior p, which has no gradient, and Q.
        loss: of each transition's TD error.
    """

    whole_heads = ()
    uses_autograd = False

    def __init__(self, heads: PriorValues, loss: Loss) -> None:
        self.heads = heads
        self.loss = loss

    def __call__(
        self, outputs: Tensor, batch: TransitionBatch, q_net: Values, target_net: Values
    ) -> ObjectiveResult:
        """Return losses and gradients for the outputs of `PriorValues`, `(B, 2 A)`, or `(B, 2)` by `at`."""
        next_value = target_net.reduced(batch.next_obs, self.heads.value)
        now = self.heads.split(outputs)
        q = chosen(now.q, batch.action)
        td_error = td_target(batch.reward, batch.discount, next_value).sub_(q)
        loss, slope = self.loss(td_error)
        gradient = PriorOutputs(torch.zeros_like(now.prior), at_action(slope, batch.action, now.q))
        return ObjectiveResult(loss, self.heads.join(gradient), td_error, q)
