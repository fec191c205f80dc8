"""TensorBoard events: one for each row of metrics, with a scalar per column."""

from __future__ import annotations

import math
import os
import socket
import time
import warnings
from collections.abc import Mapping, Sequence
from io import BytesIO, FileIO
from itertools import count
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from dqn_fast.training.metrics import MetricsRow
from dqn_fast.training.run_folder.files import WriteError, write_all, writing

_TAGS = {
    "eval_return_mean": "eval/return_mean",
    "return_mean": "rollout/return_mean",
    "return_std": "rollout/return_std",
    "episodes": "rollout/episodes",
    "epsilon": "rollout/epsilon",
    "loss": "learner/loss",
    "q": "learner/q",
    "learning_rate": "learner/learning_rate",
    "updates": "learner/updates",
}

# Rows are written together, which is cheaper. TensorBoard itself looks every 30 seconds.
_SECONDS = 5.0
_number = count()  # of the reports of this process


class TensorBoardReport:
    """Writes rows as scalars over environment steps or learner updates, without NaN. A context manager.

    A row that comes soon after the last write waits for a later row, or for the end. If the process is
    killed, such rows are only in metrics.csv. If the file cannot be written, the report ends with a warning;
    metrics.csv has everything.

    Args:
        folder: for the event files.
        rows: earlier rows of a resumed run. TensorBoard drops later events of an earlier part. The last row
            is written again, since its evaluation may have been repeated.
        unit: what steps are: environment "steps" or learner "updates".
    """

    def __init__(self, folder: Path, rows: Sequence[MetricsRow] = (), unit: str = "steps") -> None:
        self._tags = {**_TAGS, "steps_per_second": f"time/{unit}_per_second"}
        process = f"{socket.gethostname()}.{os.getpid()}.{next(_number)}"
        self._path = folder / f"events.out.tfevents.{int(time.time()):010d}.{process}"
        self._file: FileIO | None = None
        self._lost = False
        now = time.time()
        self._waiting = [(row, now) for row in rows[-1:]]  # with their times
        self._written = -math.inf  # seconds of the run
        start = SessionLog(status=SessionLog.START)
        self._write(
            [
                Event(wall_time=now, file_version="brain.Event:2"),
                Event(wall_time=now, step=rows[-1].step if rows else 1, session_log=start),
            ]
        )

    def __call__(self, row: MetricsRow) -> None:
        """Write a row within a few seconds."""
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
        self._write([_event(row, when, self._tags) for row, when in self._waiting])
        self._waiting.clear()

    def _write(self, events: Sequence[Event]) -> None:
        """Write events in this thread: the errors of `FileWriter`'s own thread cannot be caught."""
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
            warnings.warn(f"{error}; no more events for TensorBoard; metrics.csv has all rows", stacklevel=2)


def _event(row: MetricsRow, when: float, tags: Mapping[str, str]) -> Event:
    # One event for all scalars: `SummaryWriter` makes one for each, which takes longer.
    numbers = {tag: getattr(row, name) for name, tag in tags.items()}
    values = [
        Summary.Value(tag=tag, simple_value=number)
        for tag, number in numbers.items()
        if not math.isnan(number)
    ]
    return Event(wall_time=when, step=row.step, summary=Summary(value=values))
