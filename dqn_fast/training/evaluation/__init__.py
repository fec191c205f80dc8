"""Evaluations, by returns and by people, the choice of the best weights, and videos.

Everything that plays episodes without learning from them is here, and uses `play`.
"""

from dqn_fast.training.evaluation.evaluate import Evaluation, evaluate

__all__ = ["Evaluation", "evaluate"]
