"""Ours: `dqn_fast.training.train`, with its reports, without evaluations and checkpoints."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from gymnasium.envs.classic_control.cartpole import CartPoleEnv, CartPoleVectorEnv

from dqn_fast.agent import DQN
from dqn_fast.training import TrainConfig, train
from dqn_fast.training.loop import TrainingLoop
from trainings.job import ADAM_EPS, ENV_ID, EPSILON_BEGIN, GAMMA, Job, Measured, Stopwatch


def config(job: Job) -> TrainConfig:
    return TrainConfig(
        ENV_ID,
        total_steps=job.steps,
        num_envs=job.num_envs,
        vectorization="sync" if job.num_envs == 1 else "native",
        hidden_sizes=job.hidden_sizes,
        learning_rate=job.learning_rate,
        learning_rate_end=job.learning_rate,
        adam_eps=ADAM_EPS,
        batch_size=job.batch_size,
        learn_period=job.learn_period,
        learn_updates=job.learn_updates,
        learning_starts=job.learning_starts,
        max_grad_norm=job.max_grad_norm,
        gamma=GAMMA,
        n_step=1,
        double=False,
        loss="huber" if job.huber else "mse",
        target="hard",
        target_update_period=job.copy_period,
        epsilon_begin=EPSILON_BEGIN,
        epsilon_end=job.epsilon_end,
        epsilon_decay=job.epsilon_decay,
        capacity=job.capacity,
        selection_period=0,
        eval_episodes=1,
        checkpoint_period=0,
    )


class Timer:
    """Seconds within a method, all calls together.

    On the wall: to ask for the processor's time is a call of the system, and thousands of them push the
    training out of the processor's caches.
    """

    def __init__(self, owner: type, name: str) -> None:
        self.seconds = 0.0
        method = getattr(owner, name)

        def timed(*args: Any, **kwargs: Any) -> Any:
            begin = time.perf_counter()
            returned = method(*args, **kwargs)
            self.seconds += time.perf_counter() - begin
            return returned

        setattr(owner, name, timed)


def main() -> None:
    job = Job.asked()
    run = TrainingLoop.run
    learn = Timer(DQN, "learn")
    environment = Timer(CartPoleEnv if job.num_envs == 1 else CartPoleVectorEnv, "step")
    took = (0.0, 0.0, 0.0, 0.0)

    def timed_run(loop: TrainingLoop) -> None:
        nonlocal took
        watch = Stopwatch()
        run(loop)
        took = (*watch.read(), learn.seconds, environment.seconds)

    TrainingLoop.run = timed_run  # type: ignore[assignment,method-assign]
    with tempfile.TemporaryDirectory() as folder:
        result = train(config(job), Path(folder)).result
    Measured(result.steps, result.updates, *took).say()


if __name__ == "__main__":
    main()
