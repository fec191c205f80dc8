"""Rewards are stored clipped or unchanged, with all transitions of short episodes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from training.tiny import Tiny

from dqn_fast.envs import SerialEnvironments
from dqn_fast.training import TrainConfig
from dqn_fast.training.metrics import MetricsRow
from dqn_fast.training.parts.agent import build_agent
from dqn_fast.training.parts.envs import build_environments
from dqn_fast.training.parts.loop import build_loop
from dqn_fast.training.parts.replay import build_buffer

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
    buffer, rows = build_buffer(config, environments, agent.policy), list[MetricsRow]()
    build_loop(config, environments, agent, buffer, on_row=rows.append).run()
    assert np.sort(buffer.transitions().reward).tolist() == sorted(stored * 30)
    assert rows[-1].return_mean == sum(REWARDS)


def test_a_single_environment_of_a_vector_stores_no_resets() -> None:
    config = TrainConfig(
        "CartPole-v1",
        vectorization="native",
        total_steps=200,
        learning_starts=199,
        n_step=1,
        hidden_sizes=(4,),
    )
    environments = build_environments(config)
    agent = build_agent(config, environments.observation_space, environments.action_space)
    buffer, rows = build_buffer(config, environments, agent.policy), list[MetricsRow]()
    build_loop(config, environments, agent, buffer, on_row=rows.append).run()
    environments.close()
    stored = buffer.transitions()
    assert len(stored.reward) == 200
    assert rows[-1].episodes > 3
    # A pole that has fallen is never acted on.
    assert (np.abs(stored.obs[:, 2]) < 0.2095).all()
    assert (stored.reward == 1).all()
