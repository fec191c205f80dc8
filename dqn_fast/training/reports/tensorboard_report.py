"""TensorBoard events: one for each row of metrics, with a scalar per column."""

from __future__ import annotations

import math
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from torch.utils.tensorboard import FileWriter

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
        self._writer = FileWriter(str(folder))
        self._writer.add_event(Event(session_log=SessionLog(status=SessionLog.START)), step + 1)

    def __call__(self, row: MetricsRow) -> None:
        """Write one row."""
        # One event: `SummaryWriter` makes one of each scalar, which took longer than all other reports.
        self._writer.add_summary(
            Summary(
                value=[
                    Summary.Value(tag=tag, simple_value=getattr(row, name))
                    for name, tag in _TAGS.items()
                    if not math.isnan(getattr(row, name))
                ]
            ),
            row.step,
        )

    def __enter__(self) -> TensorBoardReport:
        return self

    def __exit__(self, *exception: object) -> None:
        self._writer.close()
