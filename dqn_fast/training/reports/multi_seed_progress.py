"""One progress bar for each of several seeds, in the terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Column

from dqn_fast.training.config import TrainConfig
from dqn_fast.training.metrics import MetricsRow
from dqn_fast.training.reports.progress import TimeLeft, numbers_of


class MultiSeedProgress:
    """Shows the progress of each seed on stderr. A context manager.

    Args:
        seeds: all of them, in order.
        config: of the runs, apart from the seed.
        console: to draw on; stderr by default, so that stdout has only results.
    """

    def __init__(self, seeds: Iterable[int], config: TrainConfig, console: Console | None = None) -> None:
        self._total_steps = config.total_steps
        self._progress = Progress(
            TextColumn("seed {task.fields[seed]}"),
            TextColumn(f"{{task.completed:,.0f}}/{{task.total:,.0f}} {config.unit}", justify="right"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[numbers]}"),
            TimeLeft(elapsed_when_finished=True, table_column=Column(no_wrap=True)),
            console=console or Console(stderr=True),
            refresh_per_second=4,
        )
        self._tasks: dict[int, TaskID] = {
            seed: self._progress.add_task(
                "", total=config.total_steps, start=False, seed=seed, numbers="waiting"
            )
            for seed in seeds
        }

    def started(self, seed: int) -> None:
        """Start the clock of a seed."""
        self._progress.start_task(self._tasks[seed])
        self._progress.update(self._tasks[seed], numbers="starting")

    def show(self, seed: int, row: MetricsRow | None) -> None:
        """Show the latest metrics of a running seed."""
        if row is None:
            return
        numbers = f"{row.steps_per_second:,.0f}/s  {numbers_of(row)}"
        if row.step >= self._total_steps:
            numbers = f"{numbers_of(row).partition('  ')[0]}  evaluating"
        self._progress.update(self._tasks[seed], completed=row.step, numbers=numbers)

    def ended(self, seed: int, what: str, steps: int | None = None) -> None:
        """Show the outcome of a seed.

        Args:
            seed: of the run.
            what: its outcome.
            steps: environment steps made; None keeps the number shown.
        """
        self._progress.update(self._tasks[seed], numbers=what, completed=steps)
        self._progress.stop_task(self._tasks[seed])

    def say(self, text: str) -> None:
        """Write lines above the bars."""
        self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def __enter__(self) -> MultiSeedProgress:
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()
