"""metrics.csv: one line per row of metrics."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from dqn_fast.training.metrics import MetricsRow


class CsvReport:
    """Writes rows as they come, each flushed, so that a run that is killed leaves what it had.

    NaN becomes an empty cell. A context manager.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", newline="", encoding="utf-8")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(MetricsRow._fields)

    def __call__(self, row: MetricsRow) -> None:
        """Write one row."""
        self._writer.writerow(
            "" if math.isnan(value) else value if isinstance(value, int) else f"{value:.6g}" for value in row
        )
        self._file.flush()

    def __enter__(self) -> CsvReport:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()
