"""Implicit Q-learning (IQL, Kostrikov et al., 2022): no maximum over actions that the data lacks."""

from __future__ import annotations

from torch import Tensor

from dqn_fast.agent.fast import Values
from dqn_fast.agent.networks.heads import ImplicitOutputs, ImplicitValues
from dqn_fast.agent.objectives.losses import (
    Loss,
    at_action,
    chosen,
    cross_entropy,
    expectile_loss,
    td_target,
)
from dqn_fast.agent.objectives.objective import ObjectiveResult, TransitionBatch


class ImplicitObjective:
    """Learns V as an expectile of Q over the data's actions, moves both Qs towards V, and clones the policy.

    Args:
        heads: of the network and its target.
        loss: of each Q's TD error.
        expectile: above 0 and below 1; the nearer to 1, the nearer V is to the value of the data's best
            action.
        num_actions: of the network, which then gives both Qs of the action taken alone, if it can; None asks
            it for all.
    """

    uses_autograd = False

    def __init__(
        self, heads: ImplicitValues, loss: Loss, expectile: float, num_actions: int | None = None
    ) -> None:
        self.heads = heads
        self.loss = loss
        self.expectile = expectile
        self.num_actions = num_actions
        self.whole_heads = None if num_actions is None else ("policy",)

    def __call__(
        self, outputs: Tensor, batch: TransitionBatch, q_net: Values, target_net: Values
    ) -> ObjectiveResult:
        """Return losses and gradients for the outputs of `ImplicitValues`: `(B, 3 A + 1)`, or `(B, A + 3)`.

        TD errors and values are means over both Qs.
        """
        heads, action, now = self.heads, batch.action, self.heads.split(outputs, self.num_actions)
        # V is of the state, whatever the action.
        next_value = heads.split(q_net.at(batch.next_obs, action)).value
        target = td_target(batch.reward, batch.discount, next_value)
        least_q = chosen(heads.split(target_net.at(batch.obs, action)).least_q(), action)
        q, q2 = chosen(now.q, action), chosen(now.q2, action)
        td_error, td_error2 = target - q, target - q2
        (q_loss, q_slope), (q2_loss, q2_slope) = self.loss(td_error), self.loss(td_error2)
        v_loss, v_slope = expectile_loss(least_q - now.value, self.expectile)
        policy_loss, policy_slope = cross_entropy(now.policy, action)
        gradient = ImplicitOutputs(
            at_action(q_slope, action, now.q), at_action(q2_slope, action, now.q2), policy_slope, v_slope
        )
        return ObjectiveResult(
            loss=q_loss + q2_loss + v_loss + policy_loss,
            gradient=heads.join(gradient),
            td_error=(td_error + td_error2) / 2,
            q=(q + q2) / 2,
        )
