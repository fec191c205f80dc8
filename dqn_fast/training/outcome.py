"""What a run has come to: its result, and what is left of one that broke."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from dqn_fast import __version__
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.evaluation.evaluate import Evaluation
from dqn_fast.training.reports import draw_learning_curve
from dqn_fast.training.run_folder.layout import LEARNING_CURVE
from dqn_fast.training.run_folder.model import save_model
from dqn_fast.training.run_folder.result import Result, save_result
from dqn_fast.training.trainer import Trainer


def save_broken_run(config: TrainConfig, folder: Path, trainer: Trainer) -> str:
    """Save the model, picture and result of a run that broke; return what the model is."""
    agent, best = trainer.agent, trainer.best
    if best:
        best.restore()
    which = f"best, of step {best.best[0]:,}" if best and best.best else "last before it"
    kept = f"the model in {folder} has the weights that were {which}"
    if agent.parameters.vector.cpu().isfinite().all():
        save_model(folder, agent.q_net)
    else:
        kept = f"no model was saved in {folder}, since the weights are not finite either"
    save_result(folder, result_of(config, trainer, None, None))
    draw_learning_curve(folder / LEARNING_CURVE, config, trainer.rows, None, None)
    return kept


def result_of(
    config: TrainConfig,
    trainer: Trainer,
    evaluation: Evaluation | None,
    last: Evaluation | None,
    measured: Mapping[str, Any] = MappingProxyType({}),
) -> Result:
    """Return the content of result.json.

    Args:
        config: of the run.
        trainer: at its end.
        evaluation: of the model; None if the run was interrupted, or broke.
        last: evaluation of the last weights.
        measured: further figures of the model, by name; they go before those of the evaluation.
    """
    loop, agent, best = trainer.loop, trainer.agent, trainer.best
    returns = loop.metrics.returns
    return Result(
        env_id=config.env_id,
        seed=config.seed,
        steps=loop.step,
        updates=agent.updates,
        wall_seconds=round(trainer.seconds, 3),
        steps_per_second=round(loop.step / trainer.seconds, 1),
        train_return_mean=float(np.mean(returns)) if returns else None,
        train_return_std=float(np.std(returns)) if returns else None,
        train_episodes=len(returns),
        eval_return_mean=evaluation and evaluation.mean,
        eval_return_std=evaluation and evaluation.std,
        eval_episodes=len(evaluation.returns) if evaluation else 0,
        interrupted=evaluation is None,
        model_step=best.best[0] if best and best.best else loop.step,
        version=__version__,
        last_return_mean=last and last.mean,
        last_return_std=last and last.std,
        selection_steps=best.steps if best else 0,
        evaluation_steps=sum({id(one): one.steps for one in (evaluation, last) if one}.values()),
        unit=config.unit,
        figures={**evaluation.figures, **measured} if evaluation else {},
    )
