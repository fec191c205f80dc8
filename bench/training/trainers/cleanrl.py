"""CleanRL's dqn.py, unchanged, in a process that sees when its environments are reset and closed."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import gymnasium as gym
import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

from trainers.settings import ADAM_EPS, ENV_ID, EPSILON_BEGIN, GAMMA, Measured, Settings, Stopwatch

HIDDEN_SIZES = (120, 84)  # fixed in dqn.py
took = (0.0, 0.0)
updates = 0


class WatchedEnvironments(gym.vector.SyncVectorEnv):
    """The environments of dqn.py, which resets them before its first step and closes them after its last."""

    watch: Stopwatch

    def reset(self, **options: Any) -> Any:
        """Start the stopwatch."""
        self.watch = Stopwatch()
        return super().reset(**options)

    def close(self, **options: Any) -> None:
        """Stop the stopwatch."""
        global took
        took = self.watch.read()
        super().close(**options)


def count_update(*_: Any) -> None:
    global updates
    updates += 1


def main() -> None:
    settings = Settings.from_command_line()
    fits = (
        settings.hidden_sizes == HIDDEN_SIZES
        and not settings.huber
        and settings.max_grad_norm == float("inf")
    )
    if not fits or settings.num_envs != 1 or settings.learn_updates != 1:
        raise ValueError(f"settings: got {settings}, expected what dqn.py can do")
    torch.set_num_threads(1)
    gym.vector.SyncVectorEnv = WatchedEnvironments  # type: ignore[misc]
    register_optimizer_step_post_hook(count_update)
    options = {
        "env-id": ENV_ID,
        "total-timesteps": settings.steps,
        "learning-rate": settings.learning_rate,
        "buffer-size": settings.capacity,
        "gamma": GAMMA,
        "target-network-frequency": settings.copy_period * settings.learn_period,
        "batch-size": settings.batch_size,
        "start-e": EPSILON_BEGIN,
        "end-e": settings.epsilon_end,
        "exploration-fraction": settings.epsilon_decay,
        # dqn.py counts steps from 0 and learns at multiples above this number: one period earlier than ours.
        "learning-starts": settings.learning_starts - 1 - settings.learn_period,
        "train-frequency": settings.learn_period,
    }
    if torch.optim.Adam([torch.zeros(1)]).defaults["eps"] != ADAM_EPS:
        raise ValueError(f"Adam: got another default eps, which dqn.py uses, expected {ADAM_EPS}")
    script = Path(settings.folder) / "cleanrl" / "dqn.py"
    sys.path.insert(0, settings.folder)
    sys.argv = [str(script), *(f"--{name}={value}" for name, value in options.items())]
    runpy.run_path(str(script), run_name="__main__")
    Measured(settings.steps, updates, *took).report()


if __name__ == "__main__":
    main()
