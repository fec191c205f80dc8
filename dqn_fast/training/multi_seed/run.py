"""Runs a group: processes side by side, one display, one result."""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from dqn_fast.errors import UsageError
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.interrupt import InterruptFlag
from dqn_fast.training.multi_seed.member import Member
from dqn_fast.training.multi_seed.outcome import Group, Outcome, Status, save_group
from dqn_fast.training.reports import Curve, GroupProgress, draw_seed_curves, read_rows
from dqn_fast.training.run_folder.layout import CONFIG, LEARNING_CURVES, METRICS, RESULT, claim, locked
from dqn_fast.training.run_folder.model import load_config, save_config
from dqn_fast.training.run_folder.result import complete_result, load_result
from dqn_fast.training.trainer import check

_POLL_SECONDS = 0.2
_INTERRUPTED = (130, -signal.SIGINT)  # from the command, or while Python still imports


def default_jobs() -> int:
    """Return how many runs are made side by side: one for each processor that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def train_group(
    config: TrainConfig, seeds: range, folder: Path, *, jobs: int, overwrite: bool = False, video: bool = True
) -> Group:
    """Train one agent for each seed, and write each run to a folder of its own in the group's.

    A run that fails does not stop the others. Ctrl-C makes all of them save what they have and ends the
    group; a second one ends the processes at once. `resume_group` goes on after both.

    Args:
        config: of the runs; its seed is not used.
        seeds: of the runs, at least one.
        folder: for the group's files; made if it isn't there. The runs' folders in it are seed-<seed>.
        jobs: runs side by side, at least 1.
        overwrite: delete the files of an earlier group in that folder, and of its runs.
        video: film each agent.

    Raises:
        UsageError: an argument is outside its range, the environment cannot be made or is not for DQN, or
            the folder holds a group or a run, or one is going on in it.
    """
    _check(config, jobs)
    with locked(folder):  # a single run may be going on in it
        claim(folder, overwrite=overwrite)
        # All of them before the first begins: so the folder says at any moment what belongs to the group.
        for seed in seeds:
            (folder / f"seed-{seed}").mkdir(exist_ok=True)
            save_config(folder / f"seed-{seed}", replace(config, seed=seed))
    return resume_group(folder, jobs=jobs, video=video)


def is_group(folder: Path) -> bool:
    """Return whether a folder is a group's."""
    return bool(_members(folder))


def resume_group(folder: Path, *, jobs: int, video: bool = True) -> Group:
    """Go on with every seed that has not come to its end; if there is none, only the summary is written.

    Args:
        folder: of the group.
        jobs: runs side by side, at least 1.
        video: film the agents that are trained now.

    Raises:
        UsageError: an argument is outside its range, the folder holds no group or a configuration or result
            of another version, or the environment cannot be made.
    """
    folders = _members(folder)
    if not folders:
        raise UsageError(f"{folder} holds no group: expected folders seed-<seed> with a {CONFIG}")
    config = load_config(folders[min(folders)])
    _check(config, jobs)
    complete = {seed: complete_result(folders[seed]) for seed in sorted(folders)}
    options = ["--video" if video else "--no-video"]
    with InterruptFlag() as interrupted, GroupProgress(complete, config.total_steps) as progress:
        outcomes = []
        for seed, result in complete.items():
            if result:
                outcomes.append(Outcome(seed, folders[seed], "done", result))
                progress.ended(seed, str(outcomes[-1]), result.steps)
        outcomes += _run_all(
            [seed for seed, result in complete.items() if not result],
            lambda seed: Member(seed, folders[seed], options),
            jobs,
            interrupted,
            progress,
        )
        group = Group(config.env_id, sorted(outcomes), interrupted())
    save_group(folder, group)
    _draw(folder, config, group)
    return group


def _check(config: TrainConfig, jobs: int) -> None:
    if jobs < 1:
        raise UsageError(f"jobs is {jobs}, expected at least 1")
    check(config)  # what is wrong with it is said once, not by each process


def _members(folder: Path) -> dict[int, Path]:
    """Folders of the runs by seed."""
    folders = {
        path.parent.name.removeprefix("seed-"): path.parent for path in folder.glob(f"seed-*/{CONFIG}")
    }
    return {int(seed): one for seed, one in folders.items() if seed.isdecimal()}


def _run_all(
    seeds: Sequence[int],
    start: Callable[[int], Member],
    jobs: int,
    interrupted: InterruptFlag,
    progress: GroupProgress,
) -> list[Outcome]:
    waiting, running, outcomes = deque(seeds), list[Member](), list[Outcome]()
    told = False
    try:
        while running or (waiting and not interrupted()):
            while waiting and len(running) < jobs and not interrupted():
                running.append(start(waiting.popleft()))
                progress.started(running[-1].seed)
            if interrupted() and not told:
                told = True
                for member in running:
                    member.interrupt()
            for member in list(running):
                if member.is_running():
                    progress.show(member.seed, member.last_row)
                else:
                    running.remove(member)
                    outcomes.append(_outcome(member, progress))
            time.sleep(_POLL_SECONDS)
    finally:
        for member in running:
            member.kill()
    return outcomes


def _outcome(member: Member, progress: GroupProgress) -> Outcome:
    kind: Status = "done" if member.status == 0 else "interrupted"
    if member.status not in (0, *_INTERRUPTED):
        kind = "failed"
        lines = "".join(f"  {line}\n" for line in member.last_lines)
        progress.say(f"seed {member.seed} failed (status {member.status}), {member.log}:\n{lines}")
    else:
        member.log.unlink()
    result = load_result(member.folder) if (member.folder / RESULT).exists() else None
    outcome = Outcome(member.seed, member.folder, kind, result)
    progress.show(member.seed, member.last_row)
    progress.ended(member.seed, str(outcome))
    return outcome


def _draw(folder: Path, config: TrainConfig, group: Group) -> None:
    files = [outcome.folder / METRICS for outcome in group.outcomes]
    curves = [Curve.of(read_rows(file)) for file in files if file.exists()]
    if not curves:
        return
    scores = group.scores
    evaluation = (sum(scores) / len(scores), f"evaluation: {group}") if scores else None
    title = f"{config.env_id}, {len(curves)} seeds"
    draw_seed_curves(folder / LEARNING_CURVES, title, curves, config.total_steps, evaluation)
