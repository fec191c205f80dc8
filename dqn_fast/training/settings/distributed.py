"""Settings of a run on several processes or machines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from dqn_fast.training.settings.rules import A_CLUSTER, Settings, at_least

#: What may change where a run is resumed: how it is spread over machines, and not what it learns from.
MAY_CHANGE = ("actors", "shards", "cluster", "chunk_length", "publish_period", "rate_tolerance")


@dataclass(frozen=True, kw_only=True)
class DistributedSettings(Settings):
    """Actors, replay shards and one learner, each in a process of its own, on Ray (Ape-X)."""

    actors: Annotated[int, at_least(0)] = 0
    """Processes that act, each in num_envs environments, and send what they did to the replay buffer with
    priorities of their own. With epsilon_spread the environments of all of them are one ladder. The ratio of
    learner updates to environment steps stays the same. 0 does everything in this process."""
    shards: Annotated[int, at_least(1)] = 1
    """Processes that share the replay buffer's capacity; actor i sends to shard i modulo their number, and
    batches come from them in turn."""
    cluster: Annotated[str, A_CLUSTER] = "local"
    """Ray cluster to run on: local starts one on this machine for this run, auto finds the one that this
    machine belongs to, or the address of one (HOST:PORT)."""
    chunk_length: Annotated[int, at_least(1, "environment step")] = 50
    """Steps of each environment that an actor sends together."""
    publish_period: Annotated[int, at_least(1, "learner update")] = 20
    """Learner updates from one set of weights for the actors to the next."""
    rate_tolerance: Annotated[int, at_least(0, "environment step")] = 1_000
    """Steps that the actors may be ahead of the learner's updates, so that a result does not depend on which
    of them is faster."""
