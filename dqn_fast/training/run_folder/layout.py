"""The folder of a run: its name, its files, and the protection against overwriting."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import chain
from pathlib import Path

from filelock import FileLock, Timeout

from dqn_fast.errors import UsageError

CONFIG = "config.json"
MODEL = "model.pt"
METRICS = "metrics.csv"
LEARNING_CURVE = "learning_curve.png"
RESULT = "result.json"
VIDEO = "video.mp4"
EPISODES = "episodes.txt"
WRITING, WRITING_PICTURE = "writing.txt", "writing.png"
PRETRAIN = "pretrain"  # the folder of the run whose weights this one begins with
MEMORY, DEMONSTRATIONS, RATED = "memory.dqn", "demonstrations.dqn", "rated.dqn"
RATINGS = "ratings.jsonl"  # people's marks: no file of the run, so that nothing deletes it
BUFFERS = "*.dqn"
EVENTS = "events.out.tfevents.*"
CHECKPOINTS = "checkpoint-*"
PARTIAL_CHECKPOINT = ".checkpoint.partial"
LOCK = ".lock"
RUN_FILES = (
    *(CONFIG, MODEL, METRICS, LEARNING_CURVE, RESULT, VIDEO, EPISODES, EVENTS, MEMORY),
    *(CHECKPOINTS, PARTIAL_CHECKPOINT, PRETRAIN, WRITING, WRITING_PICTURE),
)

MULTI_SEED_RESULT = "group.json"
LEARNING_CURVES = "learning_curves.png"
MULTI_SEED_FILES = (MULTI_SEED_RESULT, LEARNING_CURVES, "seed-*.log")


class FolderTakenError(UsageError):
    """A folder for a new run holds another one."""


def default_run_folder(env_id: str, seeds: range, now: datetime) -> Path:
    """Return runs/<env>-seed<seed>-<time>, with a number appended if it exists.

    Several seeds are named by the first and the last one: runs/<env>-seeds<first>-<last>-<time>.
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
def folder_lock(folder: Path) -> Iterator[None]:
    """Keep other processes from training in a folder; the lock ends with the context, or with the process.

    Args:
        folder: to lock; created if missing.

    Raises:
        UsageError: if a run is going on in the folder, or the folder cannot be created.
    """
    lock = FileLock(folder / LOCK)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise UsageError(f"{folder}: got a run going on there in another process, expected none") from error
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()
        (folder / LOCK).unlink(missing_ok=True)


def prepare_folder(folder: Path, *, overwrite: bool) -> None:
    """Prepare a folder for a new run, or for new runs of several seeds.

    Files that belong to no run are kept. Those of a run that broke before anything was trained, such as in
    the environment's first step, are deleted.

    Args:
        folder: to prepare; created if missing.
        overwrite: delete the files of an earlier run, or of several seeds.

    Raises:
        FolderTakenError: if the folder holds runs and `overwrite` is False.
        UsageError: if a run of one of its seeds is going on, or the folder cannot be created.
    """
    seeds = sorted(path for path in folder.glob("seed-*") if path.is_dir())
    with ExitStack() as stack:
        for seed in seeds:  # lock all of them before deleting any file
            stack.enter_context(folder_lock(seed))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            taken = next(_worth_keeping(folder, seeds), None)
            if taken and not overwrite:
                raise FolderTakenError(f"{taken.parent}: got a run already ({taken.name}), expected none")
            for path in [*_files(folder, MULTI_SEED_FILES), *chain(*map(_files, (folder, *seeds)))]:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        except OSError as error:
            raise UsageError(f"cannot write to {folder}: {error.strerror}") from error


def _files(folder: Path, names: Sequence[str] = RUN_FILES) -> list[Path]:
    return [path for name in names for path in folder.glob(name)]


def _worth_keeping(folder: Path, seeds: Sequence[Path]) -> Iterator[Path]:
    """Give the files of runs in a folder and its seeds, except of those that broke at once."""
    for place in (*seeds, folder):
        if not _broke_at_once(place):
            yield from _files(place)
    if not any(map(_broke_at_once, seeds)):
        yield from _files(folder, MULTI_SEED_FILES)


def _broke_at_once(folder: Path) -> bool:
    """Return whether a run broke before its first row of metrics, such as in the environment's first step."""
    lines = (folder / METRICS).read_bytes().splitlines() if (folder / METRICS).exists() else []
    others = [
        path for path in _files(folder) if path.name not in (CONFIG, METRICS) and not path.match(EVENTS)
    ]
    return len(lines) == 1 and lines[0].startswith((b"step,", b"update,")) and not others
