"""The progress bar in the terminal."""

from __future__ import annotations

import math

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

from dqn_fast.training.config import TrainConfig
from dqn_fast.training.metrics import MetricsRow


class TimeLeft(TimeRemainingColumn):
    """The time that is left, or the time that a finished task took, and a word for which it is."""

    def render(self, task: Task) -> Text:
        """Return the time with a word."""
        return super().render(task).append(" in all" if task.finished else " left")


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
            TimeLeft(elapsed_when_finished=True, table_column=Column(no_wrap=True)),
            console=console or Console(stderr=True),
            refresh_per_second=1,
        )
        self._task = self._progress.add_task("", total=config.total_steps, numbers="")

    def __call__(self, row: MetricsRow) -> None:
        """Show one row."""
        loss = "" if math.isnan(row.loss) else f"  loss {row.loss:.3g}"
        numbers = f"{row.steps_per_second:,.0f}/s  {numbers_of(row)}{loss}"
        self._progress.update(self._task, completed=row.step, numbers=numbers)

    def __enter__(self) -> ProgressReport:
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()


class EpisodesProgress:
    """Shows how many episodes were played, only in a terminal, and clears it at the end. A context manager.

    Args:
        what: is done with them, such as "evaluating".
        episodes: how many there are.
        console: to draw on; stderr by default.
    """

    def __init__(self, what: str, episodes: int, console: Console | None = None) -> None:
        console = console or Console(stderr=True)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn(f"{what}: {{task.completed:,.0f}}/{{task.total:,.0f}} episodes"),
            BarColumn(bar_width=None),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task = self._progress.add_task("", total=episodes)

    def __call__(self, played: int) -> None:
        """Show how many episodes are over."""
        self._progress.update(self._task, completed=played)

    def __enter__(self) -> EpisodesProgress:
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()


def numbers_of(row: MetricsRow) -> str:
    """Return the agent's returns and exploration, or, from data alone, its values of the data's actions."""
    if math.isnan(row.epsilon):
        return f"q {row.q:.3g}"
    # No episode may have ended yet.
    mean = "-" if math.isnan(row.return_mean) else f"{row.return_mean:.1f}"
    return f"return {mean}  ε {row.epsilon:.2f}"
