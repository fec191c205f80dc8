"""The commands `train` and `resume`: their arguments and docstrings are the command line and its help.

What needs PyTorch is imported when it is needed, so that help comes at once.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from dqn_fast.errors import SettingError, UsageError
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.presets import origin_of_settings

if TYPE_CHECKING:
    from dqn_fast.training.multi_seed import MultiSeedResult
    from dqn_fast.training.parts.beginning import Beginning
    from dqn_fast.training.parts.device import Placement
    from dqn_fast.training.run import Run

INTERRUPTED = 130  # what shells report for a program that SIGINT ended
_FAILED = 1


def train(
    settings: TrainConfig,
    output: Annotated[Path | None, tyro.conf.arg(metavar="DIR")] = None,
    overwrite: bool = False,
    preset: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None,
    config_file: Annotated[Path | None, tyro.conf.arg(name="config", metavar="FILE")] = None,
    text: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None,
    reward: Annotated[str | None, tyro.conf.arg(metavar="MODULE:NAME")] = None,
    video: bool = True,
    seeds: int = 1,
    jobs: Annotated[int | None, tyro.conf.arg(metavar="INT")] = None,
) -> int:
    """Train an agent, evaluate it, and write configuration, model, metrics, pictures and a video to a folder.

    Ctrl-C ends the run early and saves it; `dqn-fast resume` goes on exactly where it stopped.

    Args:
        settings: of the run.
        output: Folder for the run's files; by default a new one, runs/<environment>-seed<seed>-<time>. A
            folder that already holds a run is refused.
        overwrite: Replace the run in the --output folder: delete its files first, and keep other files.
        preset: Settings to begin with, instead of those for the environment; `dqn-fast presets` lists them.
        config_file: Settings to begin with, instead of a preset: the config.json of a run, or one of your own
            with some of its settings. Options go before them.
        text: For environments that are made from a text file, such as dqn_fast/Writer-v0: --env-kwargs
            text=FILE.
        reward: For environments whose reward can be chosen: --env-kwargs reward=MODULE:NAME.
        video: Record one episode of the trained agent, if the environment can be rendered.
        seeds: Number of runs, with --seed, --seed + 1, …: each in its own process and folder (seed-<seed> in
            the output folder), with one picture and one score for all of them.
        jobs: Runs side by side; by default one for each processor.
    """
    from dqn_fast.training.multi_seed import default_jobs, train_seeds
    from dqn_fast.training.run_folder.layout import FolderTakenError, default_run_folder

    if seeds < 1:
        raise SettingError("seeds", seeds, "at least 1")
    # From another folder, too, the run finds its text.
    short = {"text": text and str(text.absolute()), "reward": reward}
    given = {name: value for name, value in short.items() if value}
    settings = replace(settings, env_kwargs={**settings.env_kwargs, **given})
    if seeds > 1 and settings.actors:
        raise SettingError("seeds", seeds, "1 with --actors")
    all_seeds = range(settings.seed, settings.seed + seeds)
    folder = output or default_run_folder(settings.env_id, all_seeds, datetime.now())
    origin = f"the settings of {config_file}" if config_file else origin_of_settings(settings.env_id, preset)
    begin = partial(_say_begin, settings, origin)
    try:
        if seeds == 1:
            run = _trainer(settings.actors)[0](settings, folder, overwrite=overwrite, on_begin=begin)
            return _report(run, folder, video)
        jobs = default_jobs() if jobs is None else jobs
        group = train_seeds(
            settings, all_seeds, folder, jobs=jobs, overwrite=overwrite, video=video, on_begin=begin
        )
        return _report_seeds(group, folder)
    except FolderTakenError as error:
        raise UsageError(f"{error}: choose another --output, or pass --overwrite") from error


def _say_begin(settings: TrainConfig, origin: str, beginning: Beginning) -> None:
    _say(f"{settings.env_id} with {origin}, {beginning.placement}")
    if settings.ratings:
        from dqn_fast.training.parts.rated import in_words

        _say(in_words(settings))
    for doubt in beginning.doubts:
        _say(doubt)


def resume(
    folder: Annotated[Path, tyro.conf.arg(metavar="DIR"), tyro.conf.Positional],
    total_steps: Annotated[int | None, tyro.conf.arg(metavar="INT")] = None,
    actors: Annotated[int | None, tyro.conf.arg(metavar="INT")] = None,
    shards: Annotated[int | None, tyro.conf.arg(metavar="INT")] = None,
    cluster: Annotated[str | None, tyro.conf.arg(metavar="ADDRESS")] = None,
    device: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None,
    video: bool = True,
    jobs: Annotated[int | None, tyro.conf.arg(metavar="INT")] = None,
) -> int:
    """Resume a run from its last checkpoint, as if it had never stopped.

    Args:
        folder: Folder of the run, or of several seeds; each seed that is not complete is resumed. The
            checkpoint is unpickled: only use one that you trust.
        total_steps: A larger number of environment steps to train for. A finished run must have been trained
            with --keep-checkpoint.
        actors: Of a run with actors: another number of them.
        shards: Of a run with actors: another number of shards, which the replay buffer is dealt out to.
        cluster: Of a run with actors: local, auto, or the address of another cluster.
        device: Device on which the run goes on, such as cpu or cuda; by default the run's own.
        video: Record one episode of the trained agent, if the environment can be rendered.
        jobs: Several seeds: runs side by side; by default one for each processor.
    """
    from dqn_fast.training.multi_seed import default_jobs, holds_seeds, resume_seeds
    from dqn_fast.training.run_folder.model import load_config

    changes: dict[str, Any] = {"total_steps": total_steps, "device": device}
    if holds_seeds(folder):
        jobs = default_jobs() if jobs is None else jobs
        return _report_seeds(resume_seeds(folder, jobs=jobs, video=video, **changes), folder)
    spread = {"actors": actors, "shards": shards, "cluster": cluster}
    spread = {name: value for name, value in spread.items() if value is not None}
    before = load_config(folder).actors
    for name, value in spread.items():
        if not before or value == 0:
            raise SettingError(name, value, "none for a run without actors, and at least 1 for one with them")
    _, resume_run = _trainer(before)
    run = resume_run(folder, **changes, spread=spread, on_lengthen=_say_longer, on_move=_say_moved)
    return _report(run, folder, video)


def _trainer(actors: int) -> tuple[Callable[..., Run], Callable[..., Run]]:
    """Return what trains and what resumes a run: in one process, or with so many actors."""
    if actors:
        from dqn_fast.distributed import resume_distributed, train_distributed

        return train_distributed, resume_distributed
    from dqn_fast.training.run import resume, train

    return train, resume


def _say_moved(before: str, placement: Placement) -> None:
    _say(f"going on {placement}, and no more on {before}: an unbroken run would differ in the last digits")


def _say_longer(step: int, before: int) -> None:
    _say(
        f"going on at step {step:,}, with the schedules of the new length instead of those of {before:,}"
        " steps: an unbroken run would differ"
    )


def _report(run: Run, folder: Path, video: bool) -> int:
    from dqn_fast.training.evaluation.video import record_video
    from dqn_fast.training.reports import EpisodesProgress
    from dqn_fast.training.run_folder.checkpoint import size_of_checkpoints
    from dqn_fast.training.run_folder.model import load_config

    if run.evaluation is None:
        _say(f"interrupted after {run.result.steps:,} {run.result.unit}; to go on: {_resume(folder)}")
        return INTERRUPTED
    if run.episodes is not None:
        sys.stdout.write(f"{run.episodes}\n")
    sys.stdout.write(_scores(run))
    if video and run.episodes is None:
        try:
            with EpisodesProgress("filming", 1) as progress:
                record_video(folder, load_config(folder), on_episode=progress)
        except UsageError as error:  # a missing video does not fail the run
            _say(f"no video: {error}")
    kept = size_of_checkpoints(folder)
    checkpoint = f", with a checkpoint of {kept / 1e6:,.1f} MB" if kept else ""
    sys.stdout.write(f"saved in {folder}{checkpoint}\n")
    return 0


def _scores(run: Run) -> str:
    """Return the score of the model; if the last weights differ, also theirs and the cost of the choice."""
    result = run.result
    score = f"{result.env_id}: {run.evaluation}"
    if result.model_step == result.steps:
        return f"{score}\n"
    step = result.unit.removesuffix("s")
    lines = [
        f"{score}, best weights, of {step} {result.model_step:,}\n",
        f"{result.env_id}: {run.last_evaluation}, last weights, of {step} {result.steps:,}\n",
    ]
    if result.selection_steps is not None:
        steps = f"{result.steps:,} {result.unit} of training, and {result.selection_steps:,}"
        steps += " environment steps" if result.unit != "steps" else ""
        lines.append(f"{steps} of the evaluations that chose the best weights\n")
    return "".join(lines)


def _report_seeds(result: MultiSeedResult, folder: Path) -> int:
    for outcome in result.outcomes:
        sys.stdout.write(f"seed {outcome.seed}: {outcome}\n")
    sys.stdout.write(f"{result.env_id}: {result}\nsaved in {folder}\n")
    if result.failed:
        failed = ", ".join(map(str, result.failed))
        _say(f"failed seeds: {failed}; to go on: {_resume(folder)}")
        return _FAILED
    if result.interrupted:
        _say(f"interrupted; to go on: {_resume(folder)}")
        return INTERRUPTED
    return 0


def _resume(folder: Path) -> str:
    return f"dqn-fast resume {shlex.quote(str(folder))}"


def _say(line: str) -> None:
    sys.stderr.write(f"dqn-fast: {line}\n")
