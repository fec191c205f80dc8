"""Checkpoints: all that a run needs to go on as if it had never stopped, in one folder, whole or not there.

A folder `checkpoint-<step>` holds `memory.dqn`, the replay memory, and `state.pt`, everything else: networks,
optimiser, schedules' step, random states, metrics, the best weights so far and the environments. It is
written under another name and renamed when it is complete; only then its predecessor is deleted. So a run
can be killed at any moment.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import torch

from dqn_fast import ReplayBuffer
from dqn_fast.training.random_states import random_states
from dqn_fast.training.run_folder import CHECKPOINTS, PARTIAL_CHECKPOINT

MEMORY, STATE = "memory.dqn", "state.pt"


class Checkpoint(NamedTuple):
    """What a checkpoint holds.

    Attributes:
        memory: the file of the replay memory.
        state: what was saved beside it.
    """

    memory: Path
    state: dict[str, Any]


def save_checkpoint(folder: Path, step: int, buffer: ReplayBuffer, state: dict[str, Any]) -> None:
    """Write a checkpoint, then delete older ones.

    Args:
        folder: of the run.
        step: environment steps so far.
        buffer: the replay memory.
        state: everything else; the process's random states are added.
    """
    final = folder / CHECKPOINTS.replace("*", f"{step:012d}")
    if final.exists():  # nothing has happened since
        return
    partial = folder / PARTIAL_CHECKPOINT
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    buffer.save(partial / MEMORY)
    with (partial / STATE).open("wb") as file:
        torch.save({**state, "random": random_states()}, file)
        os.fsync(file.fileno())
    _sync(partial)
    older = list(folder.glob(CHECKPOINTS))
    partial.rename(final)
    _sync(folder)
    for path in older:
        shutil.rmtree(path)


def load_checkpoint(folder: Path) -> Checkpoint | None:
    """Return a run's latest checkpoint; None if there is none.

    The state is pickled: only read checkpoints that you trust.
    """
    paths = sorted(folder.glob(CHECKPOINTS))
    if not paths:
        return None
    state = torch.load(paths[-1] / STATE, weights_only=False)
    return Checkpoint(paths[-1] / MEMORY, state)


def delete_checkpoints(folder: Path) -> None:
    """Delete all checkpoints of a run, and what is left of an unfinished one."""
    for path in [*folder.glob(CHECKPOINTS), folder / PARTIAL_CHECKPOINT]:
        shutil.rmtree(path, ignore_errors=True)


def _sync(folder: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
