"""What a policy is worth: evaluations, the choice of the best weights, and videos."""

from dqn_fast.training.evaluation.evaluate import Evaluation, evaluate

__all__ = ["Evaluation", "evaluate"]
