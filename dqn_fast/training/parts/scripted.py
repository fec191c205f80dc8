"""Fills a replay buffer with episodes of the environment's own policy, before a run begins.

Where success at random is rare, a few show what there is to be learned, as in TC-Bot (Li et al., 2017).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dqn_fast import ReplayBuffer
from dqn_fast.agent.exploration import Actions
from dqn_fast.envs import ScriptedPolicy, SerialEnvironments, Step
from dqn_fast.errors import SettingError
from dqn_fast.training.collector import Collector
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.metrics import Metrics
from dqn_fast.training.parts.envs import build_env
from dqn_fast.training.storing import clipped


def store_scripted(config: TrainConfig, buffer: ReplayBuffer) -> None:
    """Play and store as many scripted episodes as a run asks for, in each environment of the buffer in turn.

    Raises:
        SettingError: if the environment has no policy of its own, or the buffer has further fields, such as
            the state of a recurrent network, which a rule has not.
    """
    count = config.scripted_episodes
    if count == 0:
        return
    if buffer.schema is not None and (fields := buffer.schema.extra):
        raise SettingError("scripted_episodes", count, f"0 with {', '.join(fields)} in the replay buffer")
    env = build_env(config)
    own = SerialEnvironments([env], config.seeds.data)
    try:
        policy = ScriptedPolicy(env, np.random.default_rng(config.seeds.data))
        store = _InTurn(buffer)
        collector = Collector(own, policy, clipped(store) if config.clip_rewards else store, Metrics(1))
        collector.begin()
        while store.episodes < count:
            collector.collect(1)
    except TypeError as error:
        raise SettingError("scripted_episodes", count, f"0: {error}") from error
    finally:
        own.close()


class _InTurn:
    """Stores the episodes of one environment in those of a buffer in turn, and counts them.

    Each environment of the buffer keeps its own newest transitions, so one alone could not keep many.
    """

    def __init__(self, buffer: ReplayBuffer) -> None:
        self.episodes = 0
        self._buffer = buffer

    def __call__(self, obs: Any, action: Actions, after: Step, extras: Mapping[str, Any]) -> None:
        _, reward, next_obs, terminated, truncated, ended, _ = after
        self._buffer.extend(
            obs, action, reward, next_obs, terminated, truncated, env=self.episodes % self._buffer.num_envs
        )
        self.episodes += len(ended)
