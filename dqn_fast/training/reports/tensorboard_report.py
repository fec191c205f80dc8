"""TensorBoard events: one for each row of metrics, with a scalar per column."""

from __future__ import annotations

import math
import os
import socket
import time
import warnings
from collections.abc import Sequence
from io import BytesIO, FileIO
from itertools import count
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from dqn_fast.training.metrics import MetricsRow
from dqn_fast.training.run_folder.files import WriteError, write_all, writing

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

# To write rows together takes a third as long. TensorBoard itself looks every 30 seconds.
_SECONDS = 5.0
_number = count()  # of the reports of this process


class TensorBoardReport:
    """Writes rows as scalars over environment steps; NaN is left out. A context manager.

    A row that comes soon after the last that was written waits for another, or for the end: if the process is
    killed, metrics.csv has it, and these events do not. A file that cannot be written is given up with a
    warning, for the same reason.

    Args:
        folder: for the event files.
        step: environment steps that a run goes on from; later events of its earlier part are void.
    """

    def __init__(self, folder: Path, step: int = 0) -> None:
        process = f"{socket.gethostname()}.{os.getpid()}.{next(_number)}"
        self._path = folder / f"events.out.tfevents.{int(time.time()):010d}.{process}"
        self._file: FileIO | None = None
        self._lost = False
        self._waiting: list[tuple[MetricsRow, float]] = []  # and when they came
        self._written = -math.inf  # seconds of the run
        now = time.time()
        start = SessionLog(status=SessionLog.START)
        self._write(
            [
                Event(wall_time=now, file_version="brain.Event:2"),
                Event(wall_time=now, step=step + 1, session_log=start),
            ]
        )

    def __call__(self, row: MetricsRow) -> None:
        """Write one row, soon."""
        self._waiting.append((row, time.time()))
        if row.seconds - self._written >= _SECONDS:
            self._write_waiting()
            self._written = row.seconds

    def __enter__(self) -> TensorBoardReport:
        return self

    def __exit__(self, *exception: object) -> None:
        self._write_waiting()
        if self._file is not None:
            self._file.close()

    def _write_waiting(self) -> None:
        self._write([_event(row, when) for row, when in self._waiting])
        self._waiting.clear()

    def _write(self, events: Sequence[Event]) -> None:
        """Write at once, in this thread: `FileWriter` has one of its own, whose errors nobody can catch."""
        if self._lost:
            return
        records = BytesIO()
        for event in events:
            RecordWriter(records).write(event.SerializeToString())
        try:
            with writing(self._path):
                if self._file is None:
                    self._file = FileIO(self._path, "xb")
                write_all(self._file, records.getvalue())
        except WriteError as error:
            self._lost = True
            warnings.warn(f"{error}; TensorBoard is told no more, metrics.csv has all", stacklevel=2)


def _event(row: MetricsRow, when: float) -> Event:
    # One event: `SummaryWriter` makes one of each scalar, which took longer than all other reports.
    numbers = {tag: getattr(row, name) for name, tag in _TAGS.items()}
    values = [
        Summary.Value(tag=tag, simple_value=number)
        for tag, number in numbers.items()
        if not math.isnan(number)
    ]
    return Event(wall_time=when, step=row.step, summary=Summary(value=values))
