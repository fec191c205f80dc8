"""metrics.csv, one line per row of metrics: written row by row, and read again."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Sequence
from pathlib import Path

from dqn_fast.training.metrics import MetricsRow
from dqn_fast.training.run_folder.files import write_all, writing

# Columns of a run from data alone, whose steps are learner updates.
_OF_UPDATES = {"step": "update", "steps_per_second": "updates_per_second"}


class CsvReport:
    """Writes each row at once, so that a killed run keeps its rows. A context manager.

    NaN becomes an empty cell. The head says what a step is.

    Args:
        path: of the file; replaced if it exists.
        rows: earlier rows of a resumed run.
        unit: what steps are: environment "steps" or learner "updates".

    Raises:
        WriteError: if the file cannot be written, now or with a later row.
    """

    def __init__(self, path: Path, rows: Sequence[MetricsRow] = (), unit: str = "steps") -> None:
        self._path = path
        with writing(path):
            self._file = path.open("wb", buffering=0)  # unbuffered: a failed write is not repeated
        names = _OF_UPDATES if unit == "updates" else {}
        self._write([names.get(name, name) for name in MetricsRow._fields])
        for row in rows:
            self(row)

    def __call__(self, row: MetricsRow) -> None:
        """Write one row."""
        self._write(
            [
                "" if math.isnan(value) else str(value) if isinstance(value, int) else f"{value:.6g}"
                for value in row
            ]
        )

    def __enter__(self) -> CsvReport:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def _write(self, cells: Sequence[str]) -> None:
        with writing(self._path):
            write_all(self._file, f"{','.join(cells)}\n".encode())


_TAIL = 4_096  # bytes; several rows


def read_rows(path: Path) -> list[MetricsRow]:
    """Return all rows of a metrics.csv; missing columns are NaN."""
    with path.open(newline="", encoding="utf-8") as file:
        return [_row(cells) for cells in csv.DictReader(file)]


def read_last_row(path: Path) -> MetricsRow | None:
    """Return the last whole row of a metrics.csv that is being written; None if there is none yet.

    This reads only the end of the file, so it may be called often.
    """
    try:
        with path.open("rb") as file:
            file.seek(-min(_TAIL, file.seek(0, os.SEEK_END)), os.SEEK_END)
            lines = file.read().decode("utf-8").splitlines(keepends=True)
    except FileNotFoundError:
        return None
    whole = [line for line in lines if line.endswith("\n")]
    if not whole or not whole[-1][0].isdigit():  # the head
        return None
    return _row(next(csv.DictReader(whole[-1:], MetricsRow._fields)))


def _row(cells: dict[str, str]) -> MetricsRow:
    texts = {**cells, **{name: cells[other] for name, other in _OF_UPDATES.items() if other in cells}}
    values = {name: float(texts.get(name) or math.nan) for name in MetricsRow._fields}
    counts = {name: int(values[name]) for name in ("step", "updates", "episodes")}
    return MetricsRow(**{**values, **counts})  # type: ignore[arg-type]
