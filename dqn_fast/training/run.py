"""A whole run: train, save, evaluate and report; and resume a run that was stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import gymnasium as gym
import torch

from dqn_fast.agent import QNetwork
from dqn_fast.errors import DeviceMemoryError, NotFiniteError, SettingError, UsageError
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.evaluation.evaluate import Evaluation, evaluate
from dqn_fast.training.evaluation.play import greedy_policy
from dqn_fast.training.evaluation.transcripts import write_episodes
from dqn_fast.training.evaluation.writing import report_writing, writes
from dqn_fast.training.interrupt import InterruptFlag
from dqn_fast.training.observers import Observer
from dqn_fast.training.outcome import result_of, save_broken_run
from dqn_fast.training.parts.beginning import Beginning
from dqn_fast.training.parts.device import Placement
from dqn_fast.training.parts.envs import build_env
from dqn_fast.training.parts.rated import with_marks_of_now
from dqn_fast.training.parts.run import Build, build_here
from dqn_fast.training.presets import pretraining_of
from dqn_fast.training.reports import EpisodesProgress, draw_learning_curve
from dqn_fast.training.run_folder.checkpoint import delete_checkpoints, load_checkpoint
from dqn_fast.training.run_folder.files import WriteError
from dqn_fast.training.run_folder.layout import LEARNING_CURVE, PRETRAIN, RESULT, folder_lock, prepare_folder
from dqn_fast.training.run_folder.model import load_config, load_model, save_config, save_model
from dqn_fast.training.run_folder.result import Result, complete_result, save_result
from dqn_fast.training.seeds import first_seed
from dqn_fast.training.trainer import Trainer


class Run(NamedTuple):
    """A run that has ended.

    Attributes:
        result: content of result.json.
        evaluation: of the model, which is the best weights of the selection, or the last weights without one.
            None if the run was interrupted.
        last_evaluation: of the last weights, on the same episodes; the same object if they are the model.
        episodes: the first episodes of the evaluation in words, which episodes.txt has, too; None if the
            environment cannot tell them, or the run was interrupted.
    """

    result: Result
    evaluation: Evaluation | None
    last_evaluation: Evaluation | None
    episodes: str | None = None


def train(
    config: TrainConfig,
    folder: str | Path,
    *,
    overwrite: bool = False,
    observers: Sequence[Observer] = (),
    on_begin: Callable[[Beginning], None] = lambda beginning: None,
    build: Build = build_here,
) -> Run:
    """Train an agent, evaluate it and write everything to the run's folder.

    Ctrl-C ends the run at its next step, and saves what was learned until then.

    Args:
        config: of the run.
        folder: for the run's files; created if missing.
        overwrite: delete the files of an earlier run in that folder.
        observers: called in turn with every row of metrics and the agent.
        on_begin: called once everything is checked, before the first step.
        build: builds what trains; by default, in this process.

    Raises:
        UsageError: if the environment cannot be made or is not for DQN, the settings do not fit it, the
            folder holds a run, or a file cannot be written, such as on a full disk.
        NotFiniteError: if a reward, a loss or a gradient becomes NaN or infinite. The model is then the best
            weights so far, or else the last ones before; the last checkpoint is kept.
        DeviceMemoryError: if the memory of the GPU does not suffice; what is kept is the same.
    """
    folder, interrupted, config = Path(folder), InterruptFlag(), with_marks_of_now(config)
    torch.set_num_threads(config.threads)
    with ExitStack() as stack:
        # Before the folder is created: settings that do not fit leave none behind.
        trainer, first = Trainer(config, folder, None, interrupted, stack, build), pretraining_of(config)
        with folder_lock(folder), interrupted:
            prepare_folder(folder, overwrite=overwrite)
            save_config(folder, config)
            on_begin(trainer.beginning)
            if first and (stopped := _pretrain(first, folder / PRETRAIN, trainer, interrupted)):
                return stopped
            return _run(config, folder, trainer, interrupted, observers)


def resume(
    folder: str | Path,
    *,
    total_steps: int | None = None,
    device: str | None = None,
    spread: Mapping[str, Any] = MappingProxyType({}),
    observers: Sequence[Observer] = (),
    on_lengthen: Callable[[int, int], None] = lambda step, before: None,
    on_move: Callable[[str, Placement], None] = lambda before, placement: None,
    build: Build = build_here,
) -> Run:
    """Resume a run from its last checkpoint, as if it had never stopped.

    Metrics after the checkpoint are dropped, and made again. A run without a checkpoint starts over.

    Args:
        folder: of the run. Its checkpoint is unpickled: only use one that you trust.
        total_steps: a larger number of environment steps to train for; None keeps the run's own. From the
            step that was reached, all schedules are those of the new length, so an unbroken run of that
            length would differ. A run that is complete needs the checkpoint that `keep_checkpoint` kept.
        device: replaces the device of the run; None keeps it. On another device the last digits differ, and
            so the run goes on differently.
        spread: settings to change of how the run is spread over machines: actors, shards, cluster ...
        observers: as in `train`.
        on_lengthen: called before the first step of a run that becomes longer, with the step that was reached
            and the former total_steps.
        on_move: called before the first step of a run that moves to another device, with the former device
            and the new placement.
        build: as in `train`.

    Raises:
        UsageError: if the folder holds no run, the run is complete, or its checkpoint is damaged or has
            another configuration.
        SettingError: if total_steps does not become more, or a complete run has no checkpoint to go on from.
        NotFiniteError: if a number is not finite, as in `train`; a run that broke reaches the same update
            again.
        DeviceMemoryError: as in `train`; another device may do.
    """
    folder = Path(folder)
    config = replace(load_config(folder, device=device), **spread)
    torch.set_num_threads(config.threads)
    with folder_lock(folder), InterruptFlag() as interrupted, ExitStack() as stack:
        complete = complete_result(folder) is not None
        if total_steps is not None:
            config = _lengthened(config, total_steps, complete)
        elif complete:
            raise UsageError(f"{folder}: got a complete run, expected one to go on with, or more total_steps")
        checkpoint = load_checkpoint(folder, config)
        if complete and checkpoint is None:
            got = f"{total_steps} for a complete run without a checkpoint"
            raise SettingError("total_steps", got, "one that was trained with keep_checkpoint")
        trainer = Trainer(config, folder, checkpoint, interrupted, stack, build)
        # In this order: if the process is killed in between, this can be asked for again.
        save_config(folder, config)
        (folder / RESULT).unlink(missing_ok=True)
        if checkpoint and checkpoint.total_steps < config.total_steps:
            on_lengthen(checkpoint.state["loop"]["step"], checkpoint.total_steps)
        before = checkpoint.state.get("device", "cpu") if checkpoint else str(trainer.placement.device)
        if before != str(trainer.placement.device):
            on_move(before, trainer.placement)
        if (
            checkpoint is None
            and (first := pretraining_of(config))
            and (stopped := _pretrain(first, folder / PRETRAIN, trainer, interrupted))
        ):
            return stopped
        return _run(config, folder, trainer, interrupted, observers)


def _lengthened(config: TrainConfig, total_steps: int, complete: bool) -> TrainConfig:
    """Return the configuration of a run with more steps; with as many, if it has not made them yet."""
    if total_steps < config.total_steps + complete:
        raise SettingError("total_steps", total_steps, f"more than the {config.total_steps} of the run")
    return replace(config, total_steps=total_steps)


def _pretrain(config: TrainConfig, folder: Path, trainer: Trainer, interrupted: InterruptFlag) -> Run | None:
    """Make the run that another one begins with, from where it is, and give its weights to the other.

    Args:
        config: of the run.
        folder: of the run; it may be complete.
        trainer: of the other run.
        interrupted: whether to stop.

    Returns:
        The run, if it was interrupted; else None.
    """
    if complete_result(folder) is None:
        with ExitStack() as stack:
            pretrainer = Trainer(config, folder, load_checkpoint(folder, config), interrupted, stack)
            folder.mkdir(exist_ok=True)
            save_config(folder, config)
            run = _run(config, folder, pretrainer, interrupted, ())
        if run.evaluation is None:
            return run
    trainer.begin_with(folder)
    return None


def _run(
    config: TrainConfig,
    folder: Path,
    trainer: Trainer,
    interrupted: InterruptFlag,
    observers: Sequence[Observer],
) -> Run:
    try:
        trainer.train(observers)
    except NotFiniteError as error:
        kept = save_broken_run(config, folder, trainer)
        raise NotFiniteError(f"{config.env_id}: {error}; {kept}") from error
    except RuntimeError as error:
        if "out of memory" not in str(error):  # as PyTorch says it of every kind of device
            raise
        kept = save_broken_run(config, folder, trainer)
        reason = str(error).splitlines()[0]
        raise DeviceMemoryError(
            f"{config.env_id}: device: got too little memory: {reason}; {kept}"
        ) from error
    except WriteError:
        with suppress(WriteError):  # small files may fit where a checkpoint does not
            save_broken_run(config, folder, trainer)
        raise
    # Before the evaluation, which may take long or fail: the model is the most valuable file.
    save_model(folder, trainer.agent.q_net)
    evaluation = last = None
    if not interrupted():
        evaluation = last = _evaluate(config, lambda env: load_model(folder, config, env), interrupted)
    if evaluation and (last_net := trainer.last_net):
        last = _evaluate(config, lambda _: last_net, interrupted)
    if last is None:
        evaluation = None
    measured = report_writing(folder, config) if evaluation and writes(config) else {}
    result = result_of(config, trainer, evaluation, last, measured)
    draw_learning_curve(folder / LEARNING_CURVE, config, trainer.rows, evaluation, last)
    save_result(folder, result)
    episodes = None
    if evaluation:
        episodes = write_episodes(folder, config)
        if config.save_memory:
            trainer.save_memory()
        if not config.keep_checkpoint:
            delete_checkpoints(folder)
    return Run(result, evaluation, last, episodes)


def evaluate_run(
    folder: str | Path,
    *,
    episodes: int | None = None,
    seed: int | None = None,
    device: str | None = None,
) -> Evaluation | None:
    """Repeat the evaluation at the end of a run, with the saved model and the same episodes, or others.

    Args:
        folder: of the run.
        episodes: number of episodes; None is that of the run.
        seed: of the first episode; the next one has seed + 1. None is that of the run.
        device: replaces the device of the run; None keeps it.

    Returns:
        The evaluation, or None if Ctrl-C ended it early.

    Raises:
        UsageError: if the folder holds no run with a model, or its environment cannot be made.
    """
    config = load_config(folder, device=device)
    if episodes is not None:
        if episodes < 1:
            raise SettingError("episodes", episodes, "at least 1")
        config = replace(config, eval_episodes=episodes)
    first = first_seed(seed, config.seeds.evaluation)
    torch.set_num_threads(config.threads)
    with InterruptFlag() as interrupted:
        return _evaluate(config, lambda env: load_model(folder, config, env), interrupted, first)


def _evaluate(
    config: TrainConfig,
    q_net_for: Callable[[gym.Env[Any, Any]], QNetwork],
    interrupted: InterruptFlag,
    first: int | None = None,
) -> Evaluation | None:
    env = build_env(config)
    first = config.seeds.evaluation if first is None else first
    try:
        policy, episodes = greedy_policy(q_net_for(env)), config.eval_episodes
        with EpisodesProgress("evaluating", episodes) as progress:
            return evaluate(policy, env, episodes, first, should_stop=interrupted, on_episode=progress)
    finally:
        env.close()
