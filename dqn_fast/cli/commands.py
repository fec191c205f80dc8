"""The commands of `dqn-fast`: functions whose arguments and docstrings are the command line and its help."""

from __future__ import annotations

import secrets
import shlex
import sys
import textwrap
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import tyro

from dqn_fast.errors import SettingError, UsageError
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.evaluation.conversation import converse
from dqn_fast.training.evaluation.video import record_video
from dqn_fast.training.multi_seed import MultiSeedResult, default_jobs, holds_seeds, resume_seeds, train_seeds
from dqn_fast.training.presets import PRESETS
from dqn_fast.training.run import Run, evaluate_run
from dqn_fast.training.run import resume as resume_run
from dqn_fast.training.run import train as train_run
from dqn_fast.training.run_folder.finished import by_settings, find_runs
from dqn_fast.training.run_folder.layout import default_run_folder
from dqn_fast.training.run_folder.model import load_config
from dqn_fast.training.run_folder.table import markdown

_WIDTH = 75  # of text, in columns
_NO_BREAK = "\N{NO-BREAK SPACE}"
_FAILED = 1
_INTERRUPTED = 130  # what shells report for a program that SIGINT ended


def train(
    config: TrainConfig,
    output: Annotated[Path | None, tyro.conf.arg(metavar="DIR")] = None,
    overwrite: bool = False,
    preset: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None,
    video: bool = True,
    seeds: int = 1,
    jobs: Annotated[int | None, tyro.conf.arg(metavar="INT")] = None,
) -> int:
    """Train an agent, evaluate it, and write configuration, model, metrics, pictures and a video to a folder.

    Ctrl-C ends the run early and saves it; `dqn-fast resume` goes on exactly where it stopped.

    Args:
        config: settings of the run.
        output: Folder for the run's files; by default a new one, runs/<environment>-seed<seed>-<time>. A
            folder that already holds a run is refused.
        overwrite: Replace the run in the --output folder: delete its files first, and keep other files.
        preset: Settings to begin with, instead of those for the environment; `dqn-fast presets` lists them.
        video: Record one episode of the trained agent, if the environment can be rendered.
        seeds: Number of runs, with --seed, --seed + 1, …: each in its own process and folder (seed-<seed> in
            the output folder), with one picture and one score for all of them.
        jobs: Runs side by side; by default one for each processor.
    """
    if seeds < 1:
        raise SettingError("seeds", seeds, "at least 1")
    all_seeds = range(config.seed, config.seed + seeds)
    folder = output or default_run_folder(config.env_id, all_seeds, datetime.now())
    if seeds > 1:
        jobs = default_jobs() if jobs is None else jobs
        result = train_seeds(config, all_seeds, folder, jobs=jobs, overwrite=overwrite, video=video)
        return _report_seeds(result, folder)
    return _report(train_run(config, folder, overwrite=overwrite), folder, video)


def resume(
    folder: Annotated[Path, tyro.conf.arg(metavar="DIR"), tyro.conf.Positional],
    video: bool = True,
    jobs: Annotated[int | None, tyro.conf.arg(metavar="INT")] = None,
) -> int:
    """Resume a run from its last checkpoint, as if it had never stopped.

    Args:
        folder: Folder of the run, or of several seeds; each seed that is not complete is resumed. The
            checkpoint is unpickled: only use one that you trust.
        video: Record one episode of the trained agent, if the environment can be rendered.
        jobs: Several seeds: runs side by side; by default one for each processor.
    """
    if holds_seeds(folder):
        jobs = default_jobs() if jobs is None else jobs
        return _report_seeds(resume_seeds(folder, jobs=jobs, video=video), folder)
    return _report(resume_run(folder), folder, video)


def _report(run: Run, folder: Path, video: bool) -> int:
    if run.evaluation is None:
        sys.stderr.write(
            f"dqn-fast: interrupted after {run.result.steps:,} steps; to go on: {_resume(folder)}\n"
        )
        return _INTERRUPTED
    if run.episodes is not None:
        sys.stdout.write(f"{run.episodes}\n")
    sys.stdout.write(_scores(run))
    if video and run.episodes is None:
        try:
            record_video(folder, load_config(folder))
        except UsageError as error:  # a missing video does not fail the run
            sys.stderr.write(f"dqn-fast: no video: {error}\n")
    sys.stdout.write(f"saved in {folder}\n")
    return 0


def _scores(run: Run) -> str:
    """Return the score of the model; if the last weights differ, also theirs and the cost of the choice."""
    result = run.result
    score = f"{result.env_id}: {run.evaluation}"
    if result.model_step == result.steps:
        return f"{score}\n"
    lines = [
        f"{score}, best weights, of step {result.model_step:,}\n",
        f"{result.env_id}: {run.last_evaluation}, last weights, of step {result.steps:,}\n",
    ]
    if result.selection_steps is not None:
        steps = f"{result.steps:,} steps of training, and {result.selection_steps:,}"
        lines.append(f"{steps} of the evaluations that chose the best weights\n")
    return "".join(lines)


def _report_seeds(result: MultiSeedResult, folder: Path) -> int:
    for outcome in result.outcomes:
        sys.stdout.write(f"seed {outcome.seed}: {outcome}\n")
    sys.stdout.write(f"{result.env_id}: {result}\nsaved in {folder}\n")
    if result.failed:
        failed = ", ".join(map(str, result.failed))
        sys.stderr.write(f"dqn-fast: failed seeds: {failed}; to go on: {_resume(folder)}\n")
        return _FAILED
    if result.interrupted:
        sys.stderr.write(f"dqn-fast: interrupted; to go on: {_resume(folder)}\n")
        return _INTERRUPTED
    return 0


def _resume(folder: Path) -> str:
    return f"dqn-fast resume {shlex.quote(str(folder))}"


def presets() -> int:
    """List the presets: their environments, and the settings that differ from the defaults."""
    for name, preset in PRESETS.items():
        settings = [_argument(*item).replace(" ", _NO_BREAK) for item in preset.settings.items()]
        sys.stdout.write(f"{name}\n")
        for text in (", ".join(preset.env_ids), " ".join(settings) or "(the defaults)"):
            for line in textwrap.wrap(text, _WIDTH, break_on_hyphens=False):
                sys.stdout.write(f"    {line.replace(_NO_BREAK, ' ')}\n")
    return 0


def _argument(name: str, value: Any) -> str:
    option = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{option}" if value else f"--no-{option}"
    return " ".join([f"--{option}", *map(str, value if isinstance(value, tuple) else (value,))])


def evaluate(folder: Annotated[Path, tyro.conf.arg(metavar="DIR"), tyro.conf.Positional]) -> int:
    """Repeat the evaluation at the end of a run, with the same model and episodes.

    Args:
        folder: Folder of the run.
    """
    evaluation = evaluate_run(folder)
    if evaluation is None:
        sys.stderr.write("dqn-fast: interrupted before the evaluation was complete\n")
        return _INTERRUPTED
    sys.stdout.write(f"{evaluation}\n")
    return 0


def video(
    folder: Annotated[Path, tyro.conf.arg(metavar="DIR"), tyro.conf.Positional],
    episodes: int = 1,
    fps: Annotated[float | None, tyro.conf.arg(metavar="FLOAT")] = None,
) -> int:
    """Record the agent of a run (ε = 0) as video.mp4 in its folder; an older video is replaced.

    Args:
        folder: Folder of the run.
        episodes: Number of episodes, from the first of the evaluation on.
        fps: Frames per second, with one frame for each environment step; by default the environment's own
            rate.
    """
    film = record_video(folder, load_config(folder), episodes=episodes, fps=fps)
    sys.stdout.write(f"{film}\nsaved as {film.path}\n")
    return 0


def chat(
    folder: Annotated[Path, tyro.conf.arg(metavar="DIR"), tyro.conf.Positional],
    language: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None,
    seed: Annotated[int | None, tyro.conf.arg(metavar="INT")] = None,
) -> int:
    """Talk with the agent of a run (ε = 0), in the place of the simulated user.

    Args:
        folder: Folder of the run; its environment must talk, such as dqn_fast/MovieTicket-v0.
        language: That you talk in, such as en or zh; by default the environment's own.
        seed: Of the episode, such as of the goal that it shows as an example; by default a new one.
    """
    if seed is not None and not 0 <= seed < 2**31:
        raise SettingError("seed", seed, "at least 0 and below 2**31")

    def write(line: str) -> None:
        sys.stdout.write(f"{line}\n")

    seed = secrets.randbelow(2**31) if seed is None else seed
    converse(folder, load_config(folder), input, write, language=language, seed=seed)
    return 0


def table(
    folders: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="DIR ..."), tyro.conf.Positional] = (
        Path("runs"),
    ),
) -> int:
    """Print a Markdown table of finished runs, with mean ± standard deviation over seeds.

    Runs with equal environment, steps and settings share a line. Interrupted runs are left out.

    Args:
        folders: Folders of runs, or any folders above them.
    """
    runs, interrupted = find_runs(folders)
    for folder in interrupted:
        sys.stderr.write(f"dqn-fast: left out, since interrupted: {folder}\n")
    sys.stdout.write(markdown(by_settings(runs)))
    return 0
