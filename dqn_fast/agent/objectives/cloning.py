"""Behaviour cloning: the outputs are logits of the policy that made the data (Pomerleau, 1991)."""

from __future__ import annotations

from torch import Tensor

from dqn_fast.agent.fast import Values
from dqn_fast.agent.objectives.losses import cross_entropy
from dqn_fast.agent.objectives.objective import ObjectiveResult, TransitionBatch


class CloningObjective:
    """Makes the action that was taken the most likely one: the best output is what the data does most.

    It learns no values. In reports, the action's log-probability stands for q, and the loss for the TD error.
    """

    whole_heads = None
    uses_autograd = False

    def __call__(
        self, outputs: Tensor, batch: TransitionBatch, q_net: Values, target_net: Values
    ) -> ObjectiveResult:
        """Return losses and gradients for logits `outputs`, `(B, A)`."""
        loss, gradient = cross_entropy(outputs, batch.action)
        return ObjectiveResult(loss, gradient, loss, -loss)
