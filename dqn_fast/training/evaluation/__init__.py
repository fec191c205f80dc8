"""What a policy is worth: evaluations, the choice of the best weights, and videos.

Here belongs whatever plays episodes without learning from them. All of it plays by `play`.
"""

from dqn_fast.training.evaluation.evaluate import Evaluation, evaluate

__all__ = ["Evaluation", "evaluate"]
