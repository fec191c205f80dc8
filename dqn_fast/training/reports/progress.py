"""The progress bar in the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from dqn_fast.training.metrics import MetricsRow


class ProgressReport:
    """Shows steps, steps per second, recent return, ε and loss on stderr. A context manager.

    Args:
        total_steps: environment steps of the whole run.
        console: to draw on; stderr by default, so that stdout has only results.
    """

    def __init__(self, total_steps: int, console: Console | None = None) -> None:
        self._progress = Progress(
            TextColumn("{task.completed:,.0f}/{task.total:,.0f} steps"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[numbers]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=console or Console(stderr=True),
            refresh_per_second=1,
        )
        self._task = self._progress.add_task("", total=total_steps, numbers="")

    def __call__(self, row: MetricsRow) -> None:
        """Show one row."""
        numbers = (
            f"{row.steps_per_second:,.0f}/s  return {row.return_mean:.1f}"
            f"  ε {row.epsilon:.2f}  loss {row.loss:.3g}"
        )
        self._progress.update(self._task, completed=row.step, numbers=numbers)

    def __enter__(self) -> ProgressReport:
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()
