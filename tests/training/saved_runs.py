"""Runs that version 0.1.0 left unfinished: configuration and checkpoint; see `replay.saved_buffers`.

python tests/training/saved_runs.py FOLDER
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

from dqn_fast.training import TrainConfig, train

SAVED = Path(__file__).with_name("saved") / "0.1.0"
STOP = 300  # environment steps
SMALL: dict[str, Any] = {
    "total_steps": 450,
    "learning_starts": 100,
    "hidden_sizes": (8,),
    "capacity": 200,
    "batch_size": 16,
    "log_period": 50,
    "selection_period": 100,
    "selection_episodes": 2,
    "eval_episodes": 2,
}
CONFIGS = {
    "one": TrainConfig("CartPole-v1", prioritized=True, dueling=True, epsilon_repeat=2.0, **SMALL),
    "many": TrainConfig("CartPole-v1", num_envs=2, vectorization="async", optimizer="rmsprop", **SMALL),
}


def write(folder: Path) -> None:
    """Begin each run and stop it, as Ctrl-C does."""

    def stop(row: Any, agent: Any) -> None:
        if row.step >= STOP:
            os.kill(os.getpid(), signal.SIGINT)

    for name, config in CONFIGS.items():
        run = folder / name
        train(config, run, observers=[stop])
        for path in run.iterdir():
            if path.name != "config.json" and not path.is_dir():
                path.unlink()


if __name__ == "__main__":
    shutil.rmtree(sys.argv[1], ignore_errors=True)
    write(Path(sys.argv[1]))
