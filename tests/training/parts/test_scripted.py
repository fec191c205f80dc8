"""Scripted episodes lie in the buffer before the first step; a run with them is resumed like any other."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from training.tiny import Tiny

from dqn_fast import ReplayBuffer
from dqn_fast.agent import DQN
from dqn_fast.envs import make_environments
from dqn_fast.errors import SettingError
from dqn_fast.training import TrainConfig, resume, train
from dqn_fast.training.metrics import MetricsRow
from dqn_fast.training.parts.agent import build_agent
from dqn_fast.training.parts.replay import build_buffer
from dqn_fast.training.parts.scripted import store_scripted


class Shown(Tiny):
    """Its rule walks right."""

    def scripted_action(self, generator: np.random.Generator) -> int:
        return 1


@pytest.fixture(autouse=True)
def _registered() -> Any:
    gym.register("Shown-v0", Shown)
    gym.register("Silent-v0", Tiny)
    yield
    del gym.registry["Shown-v0"], gym.registry["Silent-v0"]


CONFIG = TrainConfig(
    "Shown-v0",
    total_steps=60,
    learning_starts=10,
    hidden_sizes=(4,),
    n_step=1,
    scripted_episodes=3,
    batch_size=8,
)


def scripted(config: TrainConfig) -> ReplayBuffer:
    environments = make_environments(config.env_id, config.num_envs, 0)
    agent = build_agent(config, environments.observation_space, environments.action_space)
    buffer = build_buffer(config, environments, agent.policy)
    store_scripted(config, buffer)
    environments.close()
    return buffer


@pytest.mark.parametrize("num_envs", [1, 3])
def test_whole_episodes_of_the_rule(num_envs: int) -> None:
    buffer = scripted(replace(CONFIG, num_envs=num_envs))
    batch = buffer.transitions()
    assert (batch.action == 1).all()
    assert batch.terminated.sum() == batch.reward.sum() == 3
    assert 12 <= len(buffer) <= 15
    # Each walks on from where it was, and ends at the fifth place.
    np.testing.assert_array_equal(batch.next_obs, batch.obs + 1)
    assert (batch.next_obs[batch.terminated] == 5).all()
    three_steps = buffer.transitions(n_step=3)
    assert (three_steps.discount[three_steps.obs[:, 0] < 2] > 0).all()


def test_each_environment_of_the_buffer_gets_its_share() -> None:
    """Four environments with room for 8 transitions each: nine episodes of 4 or 5 steps."""
    buffer = scripted(replace(CONFIG, num_envs=4, scripted_episodes=9, capacity=32))
    per_environment = np.bincount(buffer.indices() % 4)
    assert len(per_environment) == 4
    assert per_environment.min() >= 8
    assert buffer.transitions().terminated.sum() >= 8


def test_the_seed_decides_them() -> None:
    first, second = (scripted(replace(CONFIG, seed=seed, scripted_episodes=20)) for seed in (0, 1))
    assert len(first) == len(scripted(replace(CONFIG, scripted_episodes=20)))
    assert len(first) != len(second)


def test_rewards_are_clipped_as_in_training() -> None:
    class Rich(Shown):
        def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
            obs, reward, *rest = super().step(action)
            return (obs, 7 * reward, *rest)

    gym.registry["Shown-v0"].entry_point = Rich
    assert scripted(CONFIG).transitions().reward.max() == 7
    assert scripted(replace(CONFIG, clip_rewards=True)).transitions().reward.max() == 1


def test_they_are_no_steps_of_the_run(tmp_path: Path) -> None:
    plain = train(replace(CONFIG, scripted_episodes=0), tmp_path / "plain").result
    shown = train(CONFIG, tmp_path / "shown").result
    assert (plain.steps, plain.updates) == (shown.steps, shown.updates) == (60, 26)
    models = [(tmp_path / name / "model.pt").read_bytes() for name in ("plain", "shown")]
    assert models[0] != models[1]


def test_a_resumed_run_equals_the_unbroken_one(tmp_path: Path) -> None:
    config = replace(CONFIG, log_period=20, checkpoint_period=20)
    train(config, tmp_path / "whole")

    def press(row: MetricsRow, agent: DQN) -> None:
        if row.step == 40:
            os.kill(os.getpid(), signal.SIGINT)

    assert train(config, tmp_path / "parts", observers=[press]).result.interrupted
    assert not resume(tmp_path / "parts").result.interrupted
    whole, parts = (tmp_path / name / "model.pt" for name in ("whole", "parts"))
    assert whole.read_bytes() == parts.read_bytes()


def test_an_environment_without_a_rule_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError) as caught:
        train(replace(CONFIG, env_id="Silent-v0"), tmp_path / "run")
    assert str(caught.value) == (
        "scripted_episodes: got 3, expected 0: scripted_action: got none, expected a method of Tiny"
    )
    assert not (tmp_path / "run").exists()
