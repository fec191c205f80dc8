"""Checkpoints: everything that a run needs to go on as if it had never stopped, written atomically.

A folder `checkpoint-<step>` holds the replay buffer in `memory.dqn`, or its shards in `memory-<shard>.dqn`,
demonstrations in `demonstrations.dqn`, and everything else in `state.pt`:
networks, optimiser, step, random states, metrics, the best weights so far and the environments. The folder is
written under another name, and renamed when it is complete; only then are older ones deleted. So a run can be
killed at any moment.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, NamedTuple, Protocol

import torch

from dqn_fast import ReplayBuffer
from dqn_fast.envs.random_states import random_states
from dqn_fast.errors import UsageError
from dqn_fast.training.config import DEFAULTS, TrainConfig, refuse_unknown
from dqn_fast.training.run_folder.files import tensors_as_bytes, writing
from dqn_fast.training.run_folder.layout import (
    BUFFERS,
    CHECKPOINTS,
    CONFIG,
    MEMORY,
    PARTIAL_CHECKPOINT,
)
from dqn_fast.training.settings.distributed import MAY_CHANGE

STATE = "state.pt"


class Savable(Protocol):
    """What a checkpoint has a file of: a replay buffer, wherever it is."""

    def save(self, path: Path) -> None:
        """Write it to exactly this file."""
        ...


class Checkpoint(NamedTuple):
    """A checkpoint that was read.

    Attributes:
        folder: of the checkpoint.
        state: everything but the buffers.
    """

    folder: Path
    state: dict[str, Any]

    @property
    def total_steps(self) -> int:
        """Environment steps that the run was to make when the checkpoint was written."""
        total_steps: int = self.state["config"]["total_steps"]
        return total_steps

    def load_buffers(self) -> dict[str, ReplayBuffer]:
        """Read the replay buffer, or each part of it, and the demonstrations, by the name of their file.

        Raises:
            UsageError: if it cannot be read.
        """
        with _as_usage_error(self.folder):
            names = sorted(path.name for path in self.folder.glob(BUFFERS)) or [MEMORY]
            return {name: ReplayBuffer.load(self.folder / name) for name in names}


def save_checkpoint(
    folder: Path, config: TrainConfig, step: int, buffers: Mapping[str, Savable], state: dict[str, Any]
) -> None:
    """Write a checkpoint, then delete older ones.

    Args:
        folder: of the run.
        config: of the run.
        step: environment steps so far.
        buffers: by the name of their file.
        state: everything else; the configuration and the process's random states are added.

    Raises:
        WriteError: if it cannot be written; the older one is kept, and nothing of this one.
    """
    final = folder / CHECKPOINTS.replace("*", f"{step:012d}")
    if final.exists():  # no step since
        return
    partial = folder / PARTIAL_CHECKPOINT
    shutil.rmtree(partial, ignore_errors=True)
    with writing(final):
        try:
            partial.mkdir()
            for name, buffer in buffers.items():
                buffer.save(partial / name)
            with (partial / STATE).open("wb") as file:
                state = {**state, "config": asdict(config), "random": random_states()}
                file.write(tensors_as_bytes(state))
                file.flush()
                os.fsync(file.fileno())
            _sync(partial)
            older = list(folder.glob(CHECKPOINTS))
            partial.rename(final)
        except OSError:
            shutil.rmtree(partial, ignore_errors=True)  # frees room for smaller files
            raise
        _sync(folder)
        for path in older:
            shutil.rmtree(path)


def load_checkpoint(folder: Path, config: TrainConfig) -> Checkpoint | None:
    """Return a run's latest checkpoint; None if there is none.

    The state is unpickled: only read checkpoints that you trust.

    Args:
        folder: of the run.
        config: of the run; must be that of the checkpoint, but may have more `total_steps`, another `device`,
            and be spread over other machines.

    Raises:
        UsageError: if the checkpoint cannot be read, or has another configuration.
    """
    paths = sorted(folder.glob(CHECKPOINTS))
    if not paths:
        return None
    with _as_usage_error(paths[-1]):
        state = torch.load(paths[-1] / STATE, map_location="cpu", weights_only=False)
        if not isinstance(state, dict):
            raise ValueError(f"{STATE}: got {type(state).__name__}, expected a dict")
    saved = {**DEFAULTS, **state.get("config", {})}
    refuse_unknown(paths[-1], saved)
    checkpoint = Checkpoint(paths[-1], {**state, "config": saved})
    changed = [
        name
        for name, value in asdict(config).items()
        if name not in ("device", *MAY_CHANGE) and (name not in saved or saved[name] != value)
    ]
    if changed and not (changed == ["total_steps"] and config.total_steps > checkpoint.total_steps):
        raise UsageError(
            f"{paths[-1]}: got one of another configuration ({', '.join(changed)}), expected that of"
            f" {CONFIG}, so that the run goes on as if it had never stopped"
        )
    return checkpoint


@contextmanager
def _as_usage_error(path: Path) -> Iterator[None]:
    """Turn an error of reading a checkpoint into one line.

    Raises:
        UsageError: if anything is raised within, in its place.
    """
    try:
        yield
    # A damaged checkpoint may name modules and classes that do not exist.
    except (OSError, ValueError, RuntimeError, EOFError, UnpicklingError, ImportError, LookupError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UsageError(f"cannot resume from {path}: {reason}; delete it to start the run over") from error


def size_of_checkpoints(folder: Path) -> int:
    """Return the bytes of all checkpoints of a run."""
    return sum(path.stat().st_size for one in folder.glob(CHECKPOINTS) for path in one.iterdir())


def delete_checkpoints(folder: Path) -> None:
    """Delete all checkpoints of a run, and any unfinished one."""
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
