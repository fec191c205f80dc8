"""Runs the real command in its own process, for the tests beside this file."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import dqn_fast

needs_agent = pytest.mark.skipif(
    not all(map(find_spec, ("gymnasium", "matplotlib", "rich", "tensorboard", "torch", "tyro"))),
    reason="needs the agent extra",
)
SHORT = ["--total-steps", "2000", "--hidden-sizes", "32", "--learning-starts", "200", "--eval-episodes", "10"]


def environment() -> dict[str, str]:
    # The package that this process imports, wherever the command is run.
    return {**os.environ, "PYTHONPATH": str(Path(dqn_fast.__file__).parents[1]), "PYTHONUTF8": "1"}


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dqn_fast", *arguments],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
