"""The run of one seed, in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from dqn_fast.training.metrics import MetricsRow
from dqn_fast.training.reports import read_last_row
from dqn_fast.training.run_folder.files import writing
from dqn_fast.training.run_folder.layout import METRICS

_LAST_LINES = 12  # of what a process has written before it failed


class SeedProcess:
    """The process of one seed: `dqn-fast resume`, which begins a run that has only its configuration yet.

    Args:
        seed: of the run.
        folder: of the run; beside it is a log of all that the process writes to its streams.
        options: further options of `dqn-fast resume`.
    """

    def __init__(self, seed: int, folder: Path, options: Sequence[str]) -> None:
        self.seed = seed
        self.folder = folder
        self.log = folder.with_name(f"{folder.name}.log")
        with writing(self.log):
            log = self.log.open("wb")
        with log as file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "dqn_fast", "resume", str(folder), *options],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONUTF8": "1"},
                # Out of the terminal's foreground group: otherwise the terminal's Ctrl-C reaches the process
                # besides ours, and the second one would break off what the first has asked for.
                start_new_session=True,
            )

    def is_running(self) -> bool:
        """Return whether the process is still there."""
        return self._process.poll() is None

    @property
    def status(self) -> int:
        """Exit status, waited for; negative for the number of the signal that ended it."""
        return self._process.wait()

    @property
    def last_row(self) -> MetricsRow | None:
        """The latest metrics of the run."""
        return read_last_row(self.folder / METRICS)

    @property
    def last_lines(self) -> list[str]:
        """What the process wrote last."""
        return self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:]

    def interrupt(self) -> None:
        """Ask the run to end and to save what there is, as Ctrl-C does."""
        if os.name == "posix":  # elsewhere a process cannot send it; Windows' console has told all of them
            self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """End the process now, and wait until it has."""
        self._process.kill()
        self._process.wait()
