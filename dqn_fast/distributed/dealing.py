"""Which shard and which of its environments an actor has; and saved memories dealt out to other shards."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer
from dqn_fast.distributed.actor import Place
from dqn_fast.training.config import TrainConfig

_AT_ONCE = 10_000  # transitions


def place_of(config: TrainConfig, actor: int) -> tuple[int, Place]:
    """Return the shard of an actor, and its place there."""
    first = actor // config.shards * config.num_envs
    return actor % config.shards, Place(actor, range(first, first + config.num_envs))


def envs_of(config: TrainConfig, shard: int) -> int:
    """Return the number of environments of a shard."""
    return len(range(shard, config.actors, config.shards)) * config.num_envs


def deal(saved: Sequence[ReplayBuffer], config: TrainConfig, shards: Sequence[ReplayBuffer]) -> None:
    """Store what some shards held in others, which may be more or fewer.

    Each environment's steps stay together and in order. Their priorities are kept, to rounding.

    Args:
        saved: what the former shards held.
        config: of the shards to fill.
        shards: empty; filled.
    """
    places = [place_of(config, actor) for actor in range(config.actors)]
    homes = [(shards[shard], env) for shard, place in places for env in place.env]
    number = 0
    for buffer in saved:
        indices = buffer.indices()
        for env in range(buffer.num_envs):
            home, its_env = homes[number % len(homes)]
            number += 1
            rows = indices[indices % buffer.num_envs == env]
            for some in np.split(rows, range(_AT_ONCE, len(rows), _AT_ONCE)):
                _move(buffer, some, home, its_env, config)


def _move(
    buffer: ReplayBuffer, indices: npt.NDArray[np.int64], home: ReplayBuffer, env: int, config: TrainConfig
) -> None:
    rows = buffer.transitions(indices, n_step=1)
    priority = None
    if isinstance(buffer, PrioritizedReplayBuffer):  # that which gives the masses
        root = 1 / config.alpha if config.alpha else 0.0
        priority = np.maximum(buffer.masses(indices) ** root - config.priority_eps, 0)
    home.extend(
        rows.obs,
        rows.action,
        rows.reward,
        rows.next_obs,
        rows.terminated,
        rows.truncated,
        env=env,
        priority=priority,
    )
