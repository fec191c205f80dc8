"""The progress bar in the terminal."""

from __future__ import annotations

import math

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from dqn_fast.training.config import TrainConfig
from dqn_fast.training.metrics import MetricsRow


class ProgressReport:
    """Shows steps, their speed and what they brought on stderr. A context manager.

    Args:
        config: of the run.
        console: to draw on; stderr by default, so that stdout has only results.
    """

    def __init__(self, config: TrainConfig, console: Console | None = None) -> None:
        self._progress = Progress(
            TextColumn(f"{{task.completed:,.0f}}/{{task.total:,.0f}} {config.unit}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[numbers]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=console or Console(stderr=True),
            refresh_per_second=1,
        )
        self._task = self._progress.add_task("", total=config.total_steps, numbers="")

    def __call__(self, row: MetricsRow) -> None:
        """Show one row."""
        numbers = f"{row.steps_per_second:,.0f}/s  {numbers_of(row)}  loss {row.loss:.3g}"
        self._progress.update(self._task, completed=row.step, numbers=numbers)

    def __enter__(self) -> ProgressReport:
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()


def numbers_of(row: MetricsRow) -> str:
    """Return what the agent did in its environments; without any, what it thinks of the data's actions."""
    if math.isnan(row.epsilon):
        return f"q {row.q:.3g}"
    return f"return {row.return_mean:.1f}  ε {row.epsilon:.2f}"
