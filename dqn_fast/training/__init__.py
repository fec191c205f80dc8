"""The trainer: configuration, loop, evaluation, checkpoints and reports."""

from dqn_fast.training.config import TrainConfig
from dqn_fast.training.errors import UsageError
from dqn_fast.training.evaluation import Evaluation, evaluate
from dqn_fast.training.result import Result
from dqn_fast.training.run import Run, evaluate_run, train

__all__ = ["Evaluation", "Result", "Run", "TrainConfig", "UsageError", "evaluate", "evaluate_run", "train"]
