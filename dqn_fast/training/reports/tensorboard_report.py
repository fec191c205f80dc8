"""TensorBoard events: one for each row of metrics, with a scalar per column."""

from __future__ import annotations

import math
import time
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

# To write rows together takes a third as long: it is the work of another thread, that pushes the training
# out of the processor's caches. TensorBoard itself looks every 30 seconds.
_SECONDS = 5.0


class TensorBoardReport:
    """Writes rows as scalars over environment steps; NaN is left out. A context manager.

    A row that comes soon after the last that was written waits for another, or for the end: if the process is
    killed, metrics.csv has it, and these events do not.

    Args:
        folder: for the event files.
        step: environment steps that a run goes on from; later events of its earlier part are void.
    """

    def __init__(self, folder: Path, step: int = 0) -> None:
        self._writer = FileWriter(str(folder))
        self._writer.add_event(Event(session_log=SessionLog(status=SessionLog.START)), step + 1)
        self._waiting: list[tuple[MetricsRow, float]] = []  # and when they came
        self._written = -math.inf  # seconds of the run

    def __call__(self, row: MetricsRow) -> None:
        """Write one row, soon."""
        self._waiting.append((row, time.time()))
        if row.seconds - self._written >= _SECONDS:
            self._write()
            self._written = row.seconds

    def __enter__(self) -> TensorBoardReport:
        return self

    def __exit__(self, *exception: object) -> None:
        self._write()
        self._writer.close()

    def _write(self) -> None:
        for row, when in self._waiting:
            # One event: `SummaryWriter` makes one of each scalar, which took longer than all other reports.
            numbers = {tag: getattr(row, name) for name, tag in _TAGS.items()}
            values = [
                Summary.Value(tag=tag, simple_value=number)
                for tag, number in numbers.items()
                if not math.isnan(number)
            ]
            self._writer.add_summary(Summary(value=values), row.step, when)
        self._waiting.clear()
        self._writer.flush()
