"""CleanRL's dqn.py as it is, in a process that watches when its environments begin and end."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import gymnasium as gym
import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

from trainings.job import ADAM_EPS, ENV_ID, EPSILON_BEGIN, GAMMA, Job, Measured, Stopwatch

HIDDEN_SIZES = (120, 84)  # in its source
took = (0.0, 0.0)
updates = 0


class WatchedEnvironments(gym.vector.SyncVectorEnv):
    """Its environments: it resets them before the first step, and closes them behind the last."""

    watch: Stopwatch

    def reset(self, **options: Any) -> Any:
        """Begin to measure."""
        self.watch = Stopwatch()
        return super().reset(**options)

    def close(self, **options: Any) -> None:
        """Stop."""
        global took
        took = self.watch.read()
        super().close(**options)


def count_update(*_: Any) -> None:
    global updates
    updates += 1


def main() -> None:
    job = Job.asked()
    fits = job.hidden_sizes == HIDDEN_SIZES and not job.huber and job.max_grad_norm == float("inf")
    if not fits or job.num_envs != 1 or job.learn_updates != 1:
        raise ValueError(f"the job is {job}, expected what dqn.py does")
    torch.set_num_threads(1)
    gym.vector.SyncVectorEnv = WatchedEnvironments  # type: ignore[misc]
    register_optimizer_step_post_hook(count_update)
    options = {
        "env-id": ENV_ID,
        "total-timesteps": job.steps,
        "learning-rate": job.learning_rate,
        "buffer-size": job.capacity,
        "gamma": GAMMA,
        "target-network-frequency": job.copy_period * job.learn_period,
        "batch-size": job.batch_size,
        "start-e": EPSILON_BEGIN,
        "end-e": job.epsilon_end,
        "exploration-fraction": job.epsilon_decay,
        # It counts steps from 0, so its rounds are those of one period earlier: at multiples above this.
        "learning-starts": job.learning_starts - 1 - job.learn_period,
        "train-frequency": job.learn_period,
    }
    if torch.optim.Adam([torch.zeros(1)]).defaults["eps"] != ADAM_EPS:
        raise ValueError(f"Adam's eps is not {ADAM_EPS}, which dqn.py leaves alone")
    script = Path(job.folder) / "cleanrl" / "dqn.py"
    sys.path.insert(0, job.folder)
    sys.argv = [str(script), *(f"--{name}={value}" for name, value in options.items())]
    runpy.run_path(str(script), run_name="__main__")
    Measured(job.steps, updates, *took).say()


if __name__ == "__main__":
    main()
