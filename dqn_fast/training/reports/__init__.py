"""Reports of a training: a table, TensorBoard, the terminal and pictures.

Reports show a training, and change nothing in it.
"""

from dqn_fast.training.reports.csv_report import CsvReport, read_last_row, read_rows
from dqn_fast.training.reports.learning_curve import draw_learning_curve
from dqn_fast.training.reports.multi_seed_progress import MultiSeedProgress
from dqn_fast.training.reports.progress import EpisodesProgress, ProgressReport
from dqn_fast.training.reports.seed_curves import Curve, draw_seed_curves
from dqn_fast.training.reports.tensorboard_report import TensorBoardReport

__all__ = [
    "CsvReport",
    "Curve",
    "EpisodesProgress",
    "MultiSeedProgress",
    "ProgressReport",
    "TensorBoardReport",
    "draw_learning_curve",
    "draw_seed_curves",
    "read_last_row",
    "read_rows",
]
