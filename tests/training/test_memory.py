"""What the loop stores: rewards clipped or as they are, and all transitions of short episodes."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces
from training.tiny import Tiny

from dqn_fast.envs import SerialEnvironments
from dqn_fast.training import TrainConfig, UsageError, train
from dqn_fast.training.build import build_agent, build_environments
from dqn_fast.training.loop import TrainingLoop
from dqn_fast.training.memory import build_memory
from dqn_fast.training.metrics import MetricsRow
from dqn_fast.training.multi_seed import train_seeds

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
    memory, rows = build_memory(config, environments), list[MetricsRow]()
    TrainingLoop(config, environments, agent, memory, on_row=rows.append).run()
    environments.close()
    stored = memory.buffer.transitions()
    assert len(stored.reward) == 200
    assert rows[-1].episodes > 3
    # A pole that has fallen is never acted on.
    assert (np.abs(stored.obs[:, 2]) < 0.2095).all()
    assert (stored.reward == 1).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"frame_stack": 3}, "the replay memory cannot be made: frame_stack: got 3, expected a divisor of 4"),
        ({"capacity": 10**13}, "the replay memory cannot be made: "),
    ],
)
@pytest.mark.parametrize("prioritized", [False, True])
def test_settings_that_do_not_fit_are_named(
    prioritized: bool, changes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    config = TrainConfig("CartPole-v1", prioritized=prioritized, **changes)
    with pytest.raises(UsageError, match=f"^{message}"):
        train(config, tmp_path / "run")
    with pytest.raises(UsageError, match=f"^{message}"):
        train_seeds(config, range(2), tmp_path / "group", jobs=1)
    assert not list(tmp_path.iterdir())


class Seen(Rewarding):
    """The same, seen as images of 400 bytes."""

    observation_space = spaces.Box(0, 1, (10, 10, 4), np.bool_)

    def _obs(self) -> Any:
        return np.full((10, 10, 4), self.steps % 2, np.bool_)


def test_a_reserve_keeps_the_transitions_of_short_episodes() -> None:
    # Three steps, and one more observation: a third more slots than transitions.
    environments = SerialEnvironments([Seen()], seed=0)
    held = []
    for reserve in (1 / 3, 1 / 32):
        config = replace(CONFIG, capacity=60, reserve=reserve, total_steps=90)
        agent = build_agent(config, environments.observation_space, environments.action_space)
        memory = build_memory(config, environments)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # that the oldest go early
            TrainingLoop(config, environments, agent, memory, on_row=lambda row: None).run()
        held.append(len(memory.buffer))
    assert held[0] == 60 > held[1]
