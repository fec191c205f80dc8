"""A whole run on several processes or machines: as in one process, with other parts that train."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dqn_fast.distributed.build import build_on
from dqn_fast.distributed.on_ray import RayTransport
from dqn_fast.distributed.transport import Transport
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.run import Run, resume, train


def connect_to_ray(config: TrainConfig) -> Transport:
    """Return the transport of a run on its cluster."""
    return RayTransport(config.cluster, config.actors + config.shards)


def train_distributed(
    config: TrainConfig,
    folder: str | Path,
    *,
    connect: Callable[[TrainConfig], Transport] = connect_to_ray,
    **options: Any,
) -> Run:
    """Train with actors, replay shards and a learner, each in a process of its own; the learner is this one.

    Args:
        config: of the run; `actors` is at least 1.
        folder: see `dqn_fast.training.train`.
        connect: returns the transport; by default Ray's, to the cluster that the settings name.
        options: further ones of `dqn_fast.training.train`.

    Raises:
        UsageError: as `dqn_fast.training.train`; or if Ray or the cluster is not there.
        NotFiniteError: as `dqn_fast.training.train`.
        Exception: what an environment raised, with the actor's traceback as its cause.
    """
    return train(config, folder, build=build_on(connect, Path(folder)), **options)


def resume_distributed(
    folder: str | Path, *, connect: Callable[[TrainConfig], Transport] = connect_to_ray, **options: Any
) -> Run:
    """Resume a run from its last checkpoint, perhaps with other actors and shards; actors begin new episodes.

    Unlike a run in one process it goes on differently from the unbroken one, which no two runs of several
    processes are alike in anyway.

    Args:
        folder: see `dqn_fast.training.resume`.
        connect: see `train_distributed`.
        options: further ones of `dqn_fast.training.resume`.

    Raises:
        UsageError: as `dqn_fast.training.resume`; or if Ray or the cluster is not there.
        NotFiniteError: as `dqn_fast.training.resume`.
    """
    return resume(folder, build=build_on(connect, Path(folder)), **options)
