"""Runs that stop at a given step, and what they must share with unbroken ones."""

from __future__ import annotations

import csv
import os
import signal
from pathlib import Path
from typing import Any

from training.tiny import Tiny

from dqn_fast.training import TrainConfig, train

CONFIG = TrainConfig(
    "Interrupting-v0",
    total_steps=600,
    learning_starts=100,
    hidden_sizes=(16,),
    batch_size=16,
    learning_rate=1e-2,
    log_period=110,
    checkpoint_period=150,
    selection_period=200,
    selection_episodes=2,
    eval_episodes=3,
)
_CLOCK = ("steps_per_second", "updates_per_second", "seconds")


class Interrupting(Tiny):
    """Presses Ctrl-C itself."""

    presses_at = 0  # steps of all such environments in this process
    steps_made = 0

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        Interrupting.steps_made += 1
        if Interrupting.steps_made == Interrupting.presses_at:
            os.kill(os.getpid(), signal.SIGINT)
        return super().step(action)


def numbers(folder: Path) -> tuple[list[dict[str, str]], bytes]:
    """All that a run found, apart from the clock."""
    with (folder / "metrics.csv").open() as file:
        rows = [
            {name: cell for name, cell in row.items() if name not in _CLOCK} for row in csv.DictReader(file)
        ]
    return rows, (folder / "model.pt").read_bytes()


def stopped(config: TrainConfig, folder: Path, presses_at: int) -> None:
    Interrupting.steps_made, Interrupting.presses_at = 0, presses_at
    assert train(config, folder).evaluation is None
    Interrupting.presses_at = 0
