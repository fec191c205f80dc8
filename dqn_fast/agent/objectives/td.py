"""The objective of DQN, for networks whose outputs are action values."""

from __future__ import annotations

from torch import Tensor

from dqn_fast.agent.fast import Values
from dqn_fast.agent.objectives.losses import Loss, at_action, chosen, td_target
from dqn_fast.agent.objectives.objective import ObjectiveResult, TransitionBatch
from dqn_fast.agent.objectives.rescaling import NO_RESCALING, Rescaling
from dqn_fast.agent.objectives.selectors import Selector


class TDObjective:
    """The one-value Bellman equation: q moves towards reward + discount * the next action's value.

    Args:
        selector: picks the next action, which the target network values.
        loss: of each transition's TD error.
        rescaling: of the values that the network learns.
    """

    whole_heads = ()
    uses_autograd = False

    def __init__(self, selector: Selector, loss: Loss, rescaling: Rescaling = NO_RESCALING) -> None:
        self.selector = selector
        self.loss = loss
        self.rescaling = rescaling

    def __call__(
        self, outputs: Tensor, batch: TransitionBatch, q_net: Values, target_net: Values
    ) -> ObjectiveResult:
        """Return losses and gradients for action values `outputs`, `(B, A)`."""
        bootstraps = batch.discount.bool()
        selected = self.selector(q_net, target_net, batch.next_obs, bootstraps)
        q = chosen(outputs, batch.action)
        next_value = self.rescaling.expand(selected.value)
        target = td_target(batch.reward, batch.discount, next_value, bootstraps)
        td_error = self.rescaling.squeeze(target).sub_(q)
        loss, slope = self.loss(td_error)
        return ObjectiveResult(loss, at_action(slope, batch.action, outputs), td_error, q)
