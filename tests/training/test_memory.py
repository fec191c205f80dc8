"""Clipped rewards: what the learner sees of them, while returns stay the environment's own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from training.tiny import Tiny

from dqn_fast.training import TrainConfig
from dqn_fast.training.build import build_agent
from dqn_fast.training.environments import SerialEnvironments
from dqn_fast.training.loop import TrainingLoop
from dqn_fast.training.memory import build_memory
from dqn_fast.training.metrics import MetricsRow

CONFIG = TrainConfig(
    "Rewarding-v0", total_steps=90, learning_starts=89, n_step=1, hidden_sizes=(4,), log_period=90
)
REWARDS = (-7.0, 0.5, 100.0)


class Rewarding(Tiny):
    """Episodes of three steps, with these rewards in turn."""

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.steps += 1
        return self._obs(), REWARDS[self.steps - 1], self.steps == 3, False, {}


@pytest.mark.parametrize("num_envs", [1, 3])
@pytest.mark.parametrize(("clip_rewards", "stored"), [(False, REWARDS), (True, (-1.0, 0.5, 1.0))])
def test_rewards_are_clipped_where_they_are_stored_and_nowhere_else(
    num_envs: int, clip_rewards: bool, stored: tuple[float, ...]
) -> None:
    config = replace(CONFIG, num_envs=num_envs, clip_rewards=clip_rewards)
    environments = SerialEnvironments([Rewarding() for _ in range(num_envs)], seed=0)
    agent = build_agent(config, environments.observation_space, environments.action_space)
    memory, rows = build_memory(config, environments), list[MetricsRow]()
    TrainingLoop(config, environments, agent, memory, on_row=rows.append).run()
    assert np.sort(memory.buffer.transitions().reward).tolist() == sorted(stored * 30)
    assert rows[-1].return_mean == sum(REWARDS)
