"""Ours: `dqn_fast.training.train` with its reports, but without selection and checkpoints."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from gymnasium.envs.classic_control.cartpole import CartPoleEnv, CartPoleVectorEnv

from dqn_fast.agent import DQN
from dqn_fast.training import TrainConfig, train
from dqn_fast.training.loop import TrainingLoop
from trainers.settings import ADAM_EPS, ENV_ID, EPSILON_BEGIN, GAMMA, Measured, Settings, Stopwatch


def config(settings: Settings) -> TrainConfig:
    return TrainConfig(
        ENV_ID,
        total_steps=settings.steps,
        num_envs=settings.num_envs,
        vectorization="sync" if settings.num_envs == 1 else "native",
        hidden_sizes=settings.hidden_sizes,
        learning_rate=settings.learning_rate,
        learning_rate_end=settings.learning_rate,
        adam_eps=ADAM_EPS,
        batch_size=settings.batch_size,
        learn_period=settings.learn_period,
        learn_updates=settings.learn_updates,
        learning_starts=settings.learning_starts,
        max_grad_norm=settings.max_grad_norm,
        gamma=GAMMA,
        n_step=1,
        double=False,
        loss="huber" if settings.huber else "mse",
        target="hard",
        target_update_period=settings.copy_period,
        epsilon_begin=EPSILON_BEGIN,
        epsilon_end=settings.epsilon_end,
        epsilon_decay=settings.epsilon_decay,
        capacity=settings.capacity,
        selection_period=0,
        eval_episodes=1,
        checkpoint_period=0,
    )


class Timer:
    """Sums the wall-clock seconds within all calls of a method.

    Processor time would take a system call to read, and thousands of those push the training out of the
    processor's caches.
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
    settings = Settings.from_command_line()
    run = TrainingLoop.run
    learn = Timer(DQN, "learn")
    environment = Timer(CartPoleEnv if settings.num_envs == 1 else CartPoleVectorEnv, "step")
    took = (0.0, 0.0, 0.0, 0.0)

    def timed_run(loop: TrainingLoop) -> None:
        nonlocal took
        watch = Stopwatch()
        run(loop)
        took = (*watch.read(), learn.seconds, environment.seconds)

    TrainingLoop.run = timed_run  # type: ignore[assignment,method-assign]
    with tempfile.TemporaryDirectory() as folder:
        result = train(config(settings), Path(folder)).result
    Measured(result.steps, result.updates, *took).report()


if __name__ == "__main__":
    main()
