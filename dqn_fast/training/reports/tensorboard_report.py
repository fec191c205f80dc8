"""TensorBoard events: one scalar per column of metrics."""

from __future__ import annotations

import math
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from dqn_fast.training.metrics import MetricsRow

_TAGS = {
    "return_mean": "rollout/return_mean",
    "return_std": "rollout/return_std",
    "episodes": "rollout/episodes",
    "epsilon": "rollout/epsilon",
    "loss": "learner/loss",
    "q": "learner/q",
    "learning_rate": "learner/learning_rate",
    "updates": "learner/updates",
    "steps_per_second": "time/steps_per_second",
}


class TensorBoardReport:
    """Writes rows as scalars over environment steps; NaN is left out. A context manager.

    Args:
        folder: for the event files.
        step: environment steps that a run goes on from; later events of its earlier part are void.
    """

    def __init__(self, folder: Path, step: int = 0) -> None:
        self._writer = SummaryWriter(str(folder), purge_step=step + 1)

    def __call__(self, row: MetricsRow) -> None:
        """Write one row."""
        for name, tag in _TAGS.items():
            value = getattr(row, name)
            if not math.isnan(value):
                self._writer.add_scalar(tag, value, row.step)

    def __enter__(self) -> TensorBoardReport:
        return self

    def __exit__(self, *exception: object) -> None:
        self._writer.close()
