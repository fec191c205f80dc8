"""Trains several seeds in processes side by side, with one display and one result."""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from math import isfinite
from pathlib import Path

from dqn_fast.errors import SettingError, UsageError
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.interrupt import InterruptFlag
from dqn_fast.training.multi_seed.result import MultiSeedResult, Outcome, Status, save_multi_seed_result
from dqn_fast.training.multi_seed.seed_process import SeedProcess
from dqn_fast.training.parts.beginning import Beginning
from dqn_fast.training.parts.rated import with_marks_of_now
from dqn_fast.training.presets import pretraining_of
from dqn_fast.training.reports import MultiSeedProgress, draw_seed_curves, read_rows
from dqn_fast.training.run_folder.files import writing
from dqn_fast.training.run_folder.layout import (
    CONFIG,
    LEARNING_CURVES,
    METRICS,
    RESULT,
    folder_lock,
    prepare_folder,
)
from dqn_fast.training.run_folder.model import load_config, save_config
from dqn_fast.training.run_folder.result import complete_result, load_result
from dqn_fast.training.trainer import Trainer

_POLL_SECONDS = 0.2
_INTERRUPTED = (130, -signal.SIGINT)  # from the command, or while Python still imports


def default_jobs() -> int:
    """Return the default number of runs side by side: one for each processor that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def train_seeds(
    config: TrainConfig,
    seeds: range,
    folder: Path,
    *,
    jobs: int,
    overwrite: bool = False,
    video: bool = True,
    on_begin: Callable[[Beginning], None] = lambda beginning: None,
) -> MultiSeedResult:
    """Train an agent for each seed; write each run to its own folder, seed-<seed> in `folder`.

    A run that fails does not stop the others. Ctrl-C makes all of them save and end; a second Ctrl-C ends the
    processes at once. `resume_seeds` goes on after either.

    Args:
        config: of the runs; its seed is not used.
        seeds: of the runs, at least one.
        folder: for all files; created if missing.
        jobs: runs side by side, at least 1.
        overwrite: delete the files of earlier seeds or of a run in that folder.
        video: record a video of each agent.
        on_begin: called once everything is checked, before the first run.

    Raises:
        UsageError: if `jobs` is below 1, the environment cannot be made or is not for DQN, or the folder
            holds runs, or one is going on in it.
    """
    config = with_marks_of_now(config)
    beginning = _check(config, jobs)
    with folder_lock(folder):  # a single run may be going on in it
        prepare_folder(folder, overwrite=overwrite)
        # All of them before the first run begins, so that the folder always shows all its seeds.
        for seed in seeds:
            with writing(folder / f"seed-{seed}"):
                (folder / f"seed-{seed}").mkdir(exist_ok=True)
            save_config(folder / f"seed-{seed}", replace(config, seed=seed))
    on_begin(beginning)
    return resume_seeds(folder, jobs=jobs, video=video)


def holds_seeds(folder: Path) -> bool:
    """Return whether a folder holds runs of several seeds."""
    return bool(_seed_folders(folder))


def resume_seeds(
    folder: Path,
    *,
    jobs: int,
    video: bool = True,
    total_steps: int | None = None,
    device: str | None = None,
) -> MultiSeedResult:
    """Resume every seed that is not complete; if all are, only write the summary.

    Args:
        folder: of the seeds.
        jobs: runs side by side, at least 1.
        video: record videos of the agents trained now.
        total_steps: a larger number of environment steps to train for; see `run.resume`.
        device: replaces the device of the runs; None keeps it.

    Raises:
        UsageError: if `jobs` is below 1, the folder holds no seeds, a configuration or result is of another
            version, or the environment cannot be made.
    """
    folders = _seed_folders(folder)
    if not folders:
        raise UsageError(f"{folder}: got no seeds, expected folders seed-<seed> with a {CONFIG}")
    config = load_config(folders[min(folders)], device=device)
    _check(config, jobs)
    complete = {seed: complete_result(folders[seed]) for seed in sorted(folders)}
    options = ["--video" if video else "--no-video", *([] if device is None else ["--device", device])]
    if total_steps is not None and total_steps > config.total_steps:
        config = replace(config, total_steps=total_steps)
        complete = dict.fromkeys(complete)
        options += ["--total-steps", str(total_steps)]
    with InterruptFlag() as interrupted, MultiSeedProgress(complete, config) as progress:
        outcomes = []
        for seed, found in complete.items():
            if found:
                outcomes.append(Outcome(seed, folders[seed], "done", found))
                progress.ended(seed, str(outcomes[-1]), found.steps)
        outcomes += _run_all(
            [seed for seed, found in complete.items() if not found],
            lambda seed: SeedProcess(seed, folders[seed], options),
            jobs,
            interrupted,
            progress,
        )
        result = MultiSeedResult(config.env_id, sorted(outcomes), interrupted())
    save_multi_seed_result(folder, result)
    _draw(folder, config, result)
    return result


def _check(config: TrainConfig, jobs: int) -> Beginning:
    if jobs < 1:
        raise SettingError("jobs", jobs, "at least 1")
    pretraining_of(config)
    with ExitStack() as stack:  # so that an error is reported once, not by each process
        return Trainer(config, Path(), None, lambda: False, stack).beginning


def _seed_folders(folder: Path) -> dict[int, Path]:
    """Return the folder of each seed's run."""
    folders = {
        path.parent.name.removeprefix("seed-"): path.parent for path in folder.glob(f"seed-*/{CONFIG}")
    }
    return {int(seed): one for seed, one in folders.items() if seed.isdecimal()}


def _run_all(
    seeds: Sequence[int],
    start: Callable[[int], SeedProcess],
    jobs: int,
    interrupted: InterruptFlag,
    progress: MultiSeedProgress,
) -> list[Outcome]:
    waiting, running, outcomes = deque(seeds), list[SeedProcess](), list[Outcome]()
    told = False
    try:
        while running or (waiting and not interrupted()):
            while waiting and len(running) < jobs and not interrupted():
                running.append(start(waiting.popleft()))
                progress.started(running[-1].seed)
            if interrupted() and not told:
                told = True
                for process in running:
                    process.interrupt()
            for process in list(running):
                if process.is_running():
                    progress.show(process.seed, process.last_row)
                else:
                    running.remove(process)
                    outcomes.append(_outcome(process, progress))
            time.sleep(_POLL_SECONDS)
    finally:
        for process in running:
            process.kill()
    return outcomes


def _outcome(process: SeedProcess, progress: MultiSeedProgress) -> Outcome:
    kind: Status = "done" if process.status == 0 else "interrupted"
    if process.status not in (0, *_INTERRUPTED):
        kind = "failed"
        lines = "".join(f"  {line}\n" for line in process.last_lines)
        progress.say(f"seed {process.seed} failed (status {process.status}), {process.log}:\n{lines}")
    else:
        process.log.unlink()
    result = load_result(process.folder) if (process.folder / RESULT).exists() else None
    outcome = Outcome(process.seed, process.folder, kind, result)
    progress.show(process.seed, process.last_row)
    progress.ended(process.seed, str(outcome))
    return outcome


def _draw(folder: Path, config: TrainConfig, result: MultiSeedResult) -> None:
    files = [outcome.folder / METRICS for outcome in result.outcomes]
    runs = [read_rows(file) for file in files if file.exists()]
    scores = result.scores
    evaluation = (sum(scores) / len(scores), f"evaluation: {result}") if scores else None
    # None while only learning from data, without evaluations.
    if any(isfinite(row.return_mean) or isfinite(row.eval_return_mean) for rows in runs for row in rows):
        title = f"{config.env_id}, {len(runs)} seeds"
        draw_seed_curves(folder / LEARNING_CURVES, title, runs, config, evaluation)
