"""Where the rows of metrics go: a table, TensorBoard, the terminal and a picture."""

from dqn_fast.training.reports.csv_report import CsvReport
from dqn_fast.training.reports.learning_curve import draw_learning_curve
from dqn_fast.training.reports.progress import ProgressReport
from dqn_fast.training.reports.tensorboard_report import TensorBoardReport

__all__ = ["CsvReport", "ProgressReport", "TensorBoardReport", "draw_learning_curve"]
