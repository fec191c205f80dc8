"""A whole run: train, save, evaluate, report."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import torch

from dqn_fast.agent import QNetwork
from dqn_fast.training.build import build_agent, build_memory
from dqn_fast.training.checkpoint import load_config, load_model, save_config, save_model
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.environments import make_env
from dqn_fast.training.evaluation import Evaluation, evaluate
from dqn_fast.training.interrupt import InterruptFlag
from dqn_fast.training.loop import train_loop
from dqn_fast.training.metrics import MetricsRow
from dqn_fast.training.reports import CsvReport, ProgressReport, TensorBoardReport, draw_learning_curve
from dqn_fast.training.result import Result, save_result
from dqn_fast.training.run_folder import LEARNING_CURVE, METRICS, claim
from dqn_fast.training.seeds import derive_seeds
from dqn_fast.training.selection import BestModel


class Run(NamedTuple):
    """A run that has ended.

    Attributes:
        result: what result.json says.
        evaluation: of the trained agent, None if the run was interrupted.
    """

    result: Result
    evaluation: Evaluation | None


def train(config: TrainConfig, folder: Path, *, overwrite: bool = False) -> Run:
    """Train an agent, evaluate it and write everything to the run's folder.

    Ctrl-C ends the run at its next step; what was learned until then is saved.

    Args:
        config: of the run.
        folder: for the run's files; made if it isn't there.
        overwrite: delete the files of an earlier run in that folder.

    Raises:
        UsageError: the environment cannot be made or is not for DQN, or the folder holds a run.
    """
    torch.set_num_threads(config.threads)
    with ExitStack() as stack:
        interrupted = stack.enter_context(InterruptFlag())
        env = make_env(config.env_id)
        stack.callback(env.close)
        claim(folder, overwrite=overwrite)
        save_config(folder, config)

        agent = build_agent(config, env)
        best = _best_model(config, agent.q_net, stack, interrupted)
        rows: list[MetricsRow] = []
        with ExitStack() as reports:
            observers: list[Callable[[MetricsRow], None]] = [
                rows.append,
                reports.enter_context(CsvReport(folder / METRICS)),
                reports.enter_context(TensorBoardReport(folder)),
                reports.enter_context(ProgressReport(config.total_steps)),
                *([best] if best else []),
            ]

            def on_row(row: MetricsRow) -> None:
                for observer in observers:
                    observer(row)

            start = time.perf_counter()
            memory = build_memory(config, env)
            steps = train_loop(config, env, agent, memory, on_row=on_row, should_stop=interrupted)
            seconds = time.perf_counter() - start

        if best:
            best.restore()
        # Saved before the evaluation, which may take long or fail: the model is what the time was spent on.
        save_model(folder, agent.q_net)
        evaluation = None if interrupted() else _evaluate(config, folder, interrupted)
        result = Result(
            env_id=config.env_id,
            seed=config.seed,
            steps=steps,
            updates=agent.updates,
            wall_seconds=round(seconds, 3),
            steps_per_second=round(steps / seconds, 1),
            eval_return_mean=evaluation and evaluation.mean,
            eval_return_std=evaluation and evaluation.std,
            eval_episodes=len(evaluation.returns) if evaluation else 0,
            interrupted=interrupted(),
            model_step=best.best[0] if best and best.best else steps,
        )
        save_result(folder, result)
        draw_learning_curve(folder / LEARNING_CURVE, config, rows, evaluation)
        return Run(result, evaluation)


def _best_model(
    config: TrainConfig, q_net: QNetwork, stack: ExitStack, interrupted: InterruptFlag
) -> BestModel | None:
    if config.selection_period == 0:
        return None
    env = make_env(config.env_id)
    stack.callback(env.close)
    return BestModel(
        q_net,
        env,
        period=config.selection_period,
        episodes=config.selection_episodes,
        seed=derive_seeds(config.seed).selection,
        should_stop=interrupted,
    )


def evaluate_run(folder: Path) -> Evaluation | None:
    """Repeat the evaluation at the end of a run: the model that was saved, the same episodes and seeds.

    Returns:
        The evaluation, or None if Ctrl-C ended it early.

    Raises:
        UsageError: the folder holds no run with a model, or its environment cannot be made.
    """
    config = load_config(folder)
    torch.set_num_threads(config.threads)
    with InterruptFlag() as interrupted:
        return _evaluate(config, folder, interrupted)


def _evaluate(config: TrainConfig, folder: Path, interrupted: InterruptFlag) -> Evaluation | None:
    env = make_env(config.env_id)
    try:
        q_net = load_model(folder, config, env)
        seed = derive_seeds(config.seed).evaluation
        return evaluate(q_net, env, config.eval_episodes, seed, should_stop=interrupted)
    finally:
        env.close()
