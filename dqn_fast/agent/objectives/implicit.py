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
    """

    reads_all_actions = True  # of the policy

    def __init__(self, heads: ImplicitValues, loss: Loss, expectile: float) -> None:
        self.heads = heads
        self.loss = loss
        self.expectile = expectile

    def __call__(
        self, outputs: Tensor, batch: TransitionBatch, q_net: Values, target_net: Values
    ) -> ObjectiveResult:
        """Return losses and gradients for the outputs of `ImplicitValues`, `(B, 3 A + 1)`."""
        split = self.heads.split
        next_value = split(q_net.at(batch.next_obs, batch.action)).value  # of the state, whatever the action
        return implicit(
            self.heads,
            outputs,
            batch.action,
            td_target(batch.reward, batch.discount, next_value),
            chosen(split(target_net.at(batch.obs, batch.action)).least_q(), batch.action),
            loss=self.loss,
            expectile=self.expectile,
        )


def implicit(
    heads: ImplicitValues,
    outputs: Tensor,
    action: Tensor,
    target: Tensor,
    least_q: Tensor,
    *,
    loss: Loss,
    expectile: float,
) -> ObjectiveResult:
    """Return losses and gradients of N decisions; TD errors and values are means over both Qs.

    Args:
        heads: of the outputs.
        outputs: of the network, `(N, 3 A + 1)`.
        action: taken in each, `(N,)` int64.
        target: reward + discount * V of the next observation, V by the network itself, `(N,)`.
        least_q: lower Q of the action taken, by the target network, `(N,)`.
        loss: of each Q's TD error.
        expectile: of V.
    """
    now = heads.split(outputs)
    q, q2 = chosen(now.q, action), chosen(now.q2, action)
    td_error, td_error2 = target - q, target - q2
    (q_loss, q_slope), (q2_loss, q2_slope) = loss(td_error), loss(td_error2)
    v_loss, v_slope = expectile_loss(least_q - now.value, expectile)
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
