"""The run of one seed, in its own process."""

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

_LAST_LINES = 12  # of output to show of a process that failed


class SeedProcess:
    """The process of one seed: `dqn-fast resume`, which also begins a run that is only a configuration.

    Args:
        seed: of the run.
        folder: of the run; a log of the process's output is written beside it.
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
                # Out of the terminal's foreground group. Otherwise Ctrl-C would reach the process twice, from
                # the terminal and from us, and the second one would kill it.
                start_new_session=True,
            )

    def is_running(self) -> bool:
        """Return whether the process is still running."""
        return self._process.poll() is None

    @property
    def status(self) -> int:
        """Exit status, after waiting for it; negative for the number of the signal that ended the process."""
        return self._process.wait()

    @property
    def last_row(self) -> MetricsRow | None:
        """The latest metrics of the run."""
        return read_last_row(self.folder / METRICS)

    @property
    def last_lines(self) -> list[str]:
        """Last lines that the process wrote."""
        return self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:]

    def interrupt(self) -> None:
        """Ask the run to save and end, as Ctrl-C does."""
        if os.name == "posix":  # on Windows the console has sent Ctrl-C to all processes
            self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """Kill the process, and wait for its end."""
        self._process.kill()
        self._process.wait()
