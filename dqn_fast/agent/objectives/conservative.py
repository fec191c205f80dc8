"""Conservative Q-learning for discrete actions (CQL, Kumar et al., 2020)."""

from __future__ import annotations

from torch import Tensor

from dqn_fast.agent.fast import Values
from dqn_fast.agent.objectives.losses import cross_entropy
from dqn_fast.agent.objectives.objective import Objective, ObjectiveResult, TransitionBatch


class ConservativeObjective:
    """Adds alpha · (logsumexp(q) - q of the action taken) to the loss of another objective.

    This holds down the values of actions that the data lacks, which nothing else would ever correct.

    Args:
        objective: for networks whose outputs are action values.
        alpha: weight of the term, at least 0 (CQL(H), equation 4 of the paper).
    """

    whole_heads = None

    def __init__(self, objective: Objective, alpha: float) -> None:
        self.objective = objective
        self.alpha = alpha
        self.uses_autograd = objective.uses_autograd

    def __call__(
        self, outputs: Tensor, batch: TransitionBatch, q_net: Values, target_net: Values
    ) -> ObjectiveResult:
        """Return losses and gradients for action values `outputs`, `(B, A)`."""
        found = self.objective(outputs, batch, q_net, target_net)
        gap, slope = cross_entropy(outputs, batch.action)
        return found._replace(
            loss=found.loss.add(gap, alpha=self.alpha), gradient=found.gradient.add_(slope, alpha=self.alpha)
        )
