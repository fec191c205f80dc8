"""An actor: plays in environments of its own, and sends what it did to a shard, with priorities."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch

from dqn_fast import ReplayBuffer
from dqn_fast.agent import DQN
from dqn_fast.distributed.chunk_store import ChunkStore, spread
from dqn_fast.distributed.messages import Chunk, Collected, Weights, Work
from dqn_fast.distributed.transport import Worker, WorkerLostError
from dqn_fast.training.collector import Collector
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.parts import build_agent, build_environments
from dqn_fast.training.parts.replay import horizon
from dqn_fast.training.storing import clipped


class Place(NamedTuple):
    """Where an actor is among the others.

    Attributes:
        actor: its number, from 0.
        env: the environments of the shard's buffer that its own are.
    """

    actor: int
    env: range


class Actor:
    """Plays by the weights that it is given.

    Priorities are |TD error| by those weights (Horgan et al., 2018), of n-step transitions; where the chunk
    ends before the n steps do, of fewer.

    Args:
        config: of the run.
        place: among the actors.
    """

    def __init__(self, config: TrainConfig, place: Place) -> None:
        torch.set_num_threads(1)
        self._config = config
        self._place = place
        self._life = -1
        self._version = -1

    def collect(self, work: Work, weights: Weights, shard: Worker) -> Collected:
        """Make steps in all environments, and send them.

        Args:
            work: to be done.
            weights: to act by.
            shard: gets the steps.

        Raises:
            UsageError: if the environments cannot be made.
            NotFiniteError: if a reward is NaN or infinite.
        """
        if work.life != self._life:
            self._begin(work.life)
        if weights.version != self._version:
            self._agent.begin_with({name: torch.tensor(array) for name, array in weights.arrays.items()})
            self._version = weights.version
        step = work.step
        for _ in range(work.rounds):
            step += self._config.actors * self._collector.collect(step + 1)
        chunk = self._store.take()
        returns, self._episodes.returns = self._episodes.returns, []
        if self._config.prioritized:
            chunk = chunk._replace(priority=spread(self._priorities(chunk), chunk.mask))
        count, held = chunk.transitions, None
        try:
            held = shard.call("add", self._store.packed(chunk), self._place.env).result()
        except WorkerLostError:
            return Collected(0, count, returns, None, self._version)
        return Collected(count, 0, returns, held, self._version)

    def _begin(self, life: int) -> None:
        """Begin with new episodes, and with seeds of this life alone."""
        config = self._config
        seed = np.random.SeedSequence((config.seed, self._place.actor, life)).generate_state(1)[0]
        own = replace(config, seed=int(seed), device="cpu")
        environments = build_environments(own)
        spaces = environments.observation_space, environments.action_space
        self._agent: DQN = build_agent(
            own,
            *spaces,
            first_env=self._place.actor * config.num_envs,
            total_envs=config.actors * config.num_envs,
        )
        self._store = ChunkStore(config.frame_stack)
        self._episodes = _Episodes()
        store = clipped(self._store) if config.clip_rewards else self._store
        self._collector = Collector(environments, self._agent.policy, store, self._episodes)
        self._collector.begin()
        # A reserve of 1: a chunk in which every step is an episode of its own has room.
        self._recent = ReplayBuffer(
            config.chunk_length * config.num_envs,
            *spaces,
            num_envs=config.num_envs,
            reserve=1.0,
            seed=0,
            **horizon(config),
        )
        self._life, self._version = life, -1

    def _priorities(self, chunk: Chunk) -> np.ndarray[Any, Any]:
        """Return |TD error| of the transitions of a chunk, by environment and then by time."""
        if not chunk.transitions:
            return np.empty(0)
        self._recent.clear()
        chunk.add_to(self._recent, range(self._config.num_envs))
        return self._agent.td_error(self._recent.transitions().torch()).abs().numpy()


class _Episodes:
    """Takes the returns of episodes until they are sent."""

    def __init__(self) -> None:
        self.returns: list[float] = []

    def add_episode(self, episode_return: float) -> None:
        self.returns.append(episode_return)
