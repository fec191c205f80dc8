"""Soft Q-learning with a prior policy (Haarnoja et al., 2017; for language models Jaques et al., 2017)."""

from __future__ import annotations

from torch import Tensor

from dqn_fast.agent.fast import Values
from dqn_fast.agent.networks.prior import PriorValues
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

    reads_all_actions = False

    def __init__(self, heads: PriorValues, loss: Loss) -> None:
        self.heads = heads
        self.loss = loss

    def __call__(
        self, outputs: Tensor, batch: TransitionBatch, q_net: Values, target_net: Values
    ) -> ObjectiveResult:
        """Return losses and gradients for the outputs of `PriorValues`, `(B, 2 A)`."""
        next_value = self.heads.value(target_net(batch.next_obs))
        q = chosen(self.heads.split(outputs).q, batch.action)
        td_error = td_target(batch.reward, batch.discount, next_value).sub_(q)
        loss, slope = self.loss(td_error)
        # Q stands behind the prior's logits.
        column = batch.action + outputs.shape[1] // 2
        return ObjectiveResult(loss, at_action(slope, column, outputs), td_error, q)
