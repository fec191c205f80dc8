"""Demonstrations: episodes that an environment's own rule plays, stored before a training begins.

Where success at random is rare, a few show what there is to be learned, as in TC-Bot (Li et al., 2017).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np

from dqn_fast import ReplayBuffer
from dqn_fast.agent.exploration import Actions
from dqn_fast.envs import SerialEnvironments, Step
from dqn_fast.errors import SettingError
from dqn_fast.training.collector import Collector
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.metrics import Metrics
from dqn_fast.training.parts.envs import build_env
from dqn_fast.training.storing import Store, clipped


class Demonstrator(Protocol):
    """An environment's own rule, which its method `demonstrator()` returns.

    It belongs to the environment, and may know more of it than an agent sees.
    """

    def begin(self) -> None:
        """Begin an episode."""

    def act(self) -> int:
        """Return the next action."""
        ...


def store_demonstrations(config: TrainConfig, buffer: ReplayBuffer) -> None:
    """Play and store as many demonstrations as a run asks for, in the buffer's first environment.

    Raises:
        SettingError: if the environment has no demonstrator, or the buffer has further fields: a rule has no
            recurrent state to store, for example.
    """
    count = config.demonstrations
    if count == 0:
        return
    env = build_env(config)
    environments = SerialEnvironments([env], config.seeds.demonstrations)
    try:
        demonstrator: Callable[[], Demonstrator] | None = getattr(env.unwrapped, "demonstrator", None)
        if demonstrator is None:
            raise SettingError("demonstrations", count, f"0: {config.env_id} has no demonstrator of its own")
        if buffer.schema is not None and (fields := buffer.schema.extra):
            raise SettingError("demonstrations", count, f"0 with {', '.join(fields)} in the replay buffer")
        policy = _Demonstrations(demonstrator())
        store: Store = partial(_extend, buffer)
        if config.clip_rewards:
            store = clipped(store)
        collector = Collector(environments, policy, store, Metrics(config.return_window))
        collector.begin()
        while policy.ended < count:
            collector.collect(1)
    finally:
        environments.close()


class _Demonstrations:
    """The policy of a demonstrator in one environment; it counts episodes."""

    def __init__(self, demonstrator: Demonstrator) -> None:
        self.ended = -1  # the first reset ends none
        self._demonstrator = demonstrator

    def act(self, obs: Any, step: int) -> Actions:
        return np.array([self._demonstrator.act()], np.int64)

    def reset(self, rows: Sequence[int]) -> None:
        self.ended += len(rows)
        self._demonstrator.begin()

    def extras(self) -> Mapping[str, np.ndarray]:
        return {}

    def figures(self, step: int) -> dict[str, float]:
        return {}

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Nothing is saved: what was demonstrated lies in the buffer."""


def _extend(buffer: ReplayBuffer, obs: Any, action: Actions, after: Step, extras: Mapping[str, Any]) -> None:
    buffer.extend(obs, action, after.reward, after.next_obs, after.terminated, after.truncated, env=0)
