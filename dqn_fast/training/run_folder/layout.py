"""The folder of a run: its name, its files, and the rule that no run overwrites another."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from dqn_fast.errors import UsageError

CONFIG = "config.json"
MODEL = "model.pt"
METRICS = "metrics.csv"
LEARNING_CURVE = "learning_curve.png"
RESULT = "result.json"
VIDEO = "video.mp4"
EVENTS = "events.out.tfevents.*"
CHECKPOINTS = "checkpoint-*"
PARTIAL_CHECKPOINT = ".checkpoint.partial"
LOCK = ".lock"
RUN_FILES = (
    *(CONFIG, MODEL, METRICS, LEARNING_CURVE, RESULT, VIDEO, EVENTS),
    *(CHECKPOINTS, PARTIAL_CHECKPOINT),
)

GROUP_RESULT = "group.json"
LEARNING_CURVES = "learning_curves.png"
GROUP_FILES = (GROUP_RESULT, LEARNING_CURVES, "seed-*.log")


def default_run_folder(env_id: str, seeds: range, now: datetime) -> Path:
    """Return runs/<env>-seed<seed>-<time>, with a number behind it if that is taken.

    Several seeds are named by the first and the last: runs/<env>-seeds<first>-<last>-<time>.
    """
    name = env_id.replace("/", "-").replace(":", "-")
    which = f"seed{seeds[0]}" if len(seeds) == 1 else f"seeds{seeds[0]}-{seeds[-1]}"
    stem = Path("runs") / f"{name}-{which}-{now:%Y%m%d-%H%M%S}"
    folder, number = stem, 1
    while folder.exists():
        number += 1
        folder = stem.with_name(f"{stem.name}-{number}")
    return folder


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes from training in the folder meanwhile; a process that dies gives it free.

    Args:
        folder: made if it isn't there.

    Raises:
        UsageError: a run is going on in the folder, or it cannot be made.
    """
    lock = FileLock(folder / LOCK)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise UsageError(f"{folder} is in use: a run is going on there in another process") from error
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()
        (folder / LOCK).unlink(missing_ok=True)


def claim(folder: Path, *, overwrite: bool) -> None:
    """Make the folder ready for a new run, or for a new group of them.

    Files that are neither a run's nor a group's own are left alone.

    Args:
        folder: made if it isn't there.
        overwrite: delete the files of an earlier run, or of a group and its runs.

    Raises:
        UsageError: the folder holds a run or a group and `overwrite` is False, one of the group's runs is
            going on, or the folder cannot be made.
    """
    members = sorted(path for path in folder.glob("seed-*") if path.is_dir())
    with ExitStack() as stack:
        for member in members:  # all of them, before any loses a file
            stack.enter_context(locked(member))
        for place in (*members, folder):
            _make_empty(place, overwrite=overwrite)


def _make_empty(folder: Path, *, overwrite: bool) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = [path for name in (*RUN_FILES, *GROUP_FILES) for path in folder.glob(name)]
        if files and not overwrite:
            raise UsageError(
                f"{folder} already holds a run ({files[0].name}):"
                " choose another --output, or pass --overwrite"
            )
        for path in files:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror}") from error
