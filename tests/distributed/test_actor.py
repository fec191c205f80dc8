"""An actor's priorities are the TD errors that the learner would find; its ladder goes over all actors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from distributed.support import apex

from dqn_fast import PrioritizedReplayBuffer
from dqn_fast.agent import EpsilonGreedy, LinearSchedule
from dqn_fast.distributed import OneThread
from dqn_fast.distributed.actor import Actor
from dqn_fast.distributed.dealing import place_of
from dqn_fast.distributed.messages import Chunk, Weights, Work
from dqn_fast.training.parts import build_agent, build_environments


class Keeper:
    """In the place of a shard: keeps what comes."""

    def __init__(self) -> None:
        self.chunks: list[tuple[Chunk, range]] = []

    def add(self, chunk: Chunk, env: range) -> int:
        self.chunks.append((chunk, env))
        return 1

    def all(self) -> list[tuple[Chunk, range]]:
        return self.chunks


def collect(config: Any, actor: int, weights: Weights, works: list[Work]) -> list[tuple[Chunk, range]]:
    transport = OneThread()
    keeper = transport.place(Keeper)
    worker = transport.place(Actor, config, place_of(config, actor)[1])
    for work in works:
        assert worker.call("collect", work, weights, keeper).result().version == weights.version
    return keeper.call("all").result()


@pytest.fixture
def agent() -> Any:
    config = apex(1_000, n_step=3, double=True)
    environments = build_environments(config)
    environments.close()
    return build_agent(config, environments.observation_space, environments.action_space)


def weights_of(agent: Any, version: int = 7) -> Weights:
    return Weights(version, {name: value.numpy() for name, value in agent.q_net.state_dict().items()})


def test_priorities_are_the_td_errors_by_the_weights_that_it_was_given(agent: Any) -> None:
    config = apex(1_000, n_step=3, double=True)
    ((chunk, env),) = collect(config, 1, weights_of(agent), [Work(0, 0, 10)])
    assert env == range(2, 4)
    assert chunk.priority is not None and chunk.priority.shape == (10, 2)
    # One row after another, by the definition: |sum of rewards + discount * value of the next best - value|.
    whole = PrioritizedReplayBuffer(100, num_envs=2, n_step=3, gamma=config.gamma, seed=0)
    chunk.add_to(whole, range(2))
    rows = whole.transitions()
    with torch.no_grad():
        q = agent.q_net(torch.from_numpy(rows.obs))[range(len(rows)), rows.action].numpy()
        best = agent.q_net(torch.from_numpy(rows.next_obs)).max(1)[0].numpy()
    expected = np.abs(rows.reward + rows.discount * best - q)
    np.testing.assert_allclose(chunk.priority.T[chunk.mask.T], expected, rtol=1e-4, atol=1e-5)


def test_a_new_life_plays_other_episodes_and_the_same_life_the_same(agent: Any) -> None:
    config, weights = apex(1_000), weights_of(agent)
    lives = [collect(config, 0, weights, [Work(life, 0, 5)])[0][0].frames for life in (0, 0, 1)]
    other = collect(config, 1, weights, [Work(0, 0, 5)])[0][0].frames
    assert lives[0].tobytes() == lives[1].tobytes()
    assert len({lives[0].tobytes(), lives[2].tobytes(), other.tobytes()}) == 3


def test_the_steps_of_one_chunk_go_on_in_the_next(agent: Any) -> None:
    config = apex(1_000)
    chunks = collect(config, 0, weights_of(agent), [Work(0, 0, 4), Work(0, 16, 4)])
    buffer = PrioritizedReplayBuffer(100, num_envs=2, seed=0)
    for chunk, env in chunks:
        chunk.add_to(buffer, env)
    ends = sum(int((chunk.terminated | chunk.truncated).sum()) for chunk, _ in chunks)
    assert buffer.stats()["segments"] == 2 + ends - sum(
        int(chunk.terminated[-1, n] | chunk.truncated[-1, n]) for chunk, _ in chunks[-1:] for n in range(2)
    )


def test_the_ladder_of_actors_is_the_ladder_of_all_their_environments() -> None:
    schedule = LinearSchedule(0.4, 0.4, 1)
    rng = np.random.default_rng(0)
    whole = EpsilonGreedy(schedule, 2, rng, num_envs=6, spread=7.0)
    parts = [
        EpsilonGreedy(schedule, 2, rng, num_envs=2, spread=7.0, first_env=first, total_envs=6)
        for first in (0, 2, 4)
    ]
    assert whole._exponents == [exponent for part in parts for exponent in part._exponents]
    with pytest.raises(ValueError, match="first_env: got environments 5 to 6, expected"):
        EpsilonGreedy(schedule, 2, rng, num_envs=2, first_env=5, total_envs=6)
