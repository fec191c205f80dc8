"""Minari's datasets come in and go out unchanged."""

from __future__ import annotations

from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

from dqn_fast import ReplayBuffer
from dqn_fast.datasets import from_minari, to_minari

minari = pytest.importorskip("minari")


@pytest.fixture
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ReplayBuffer:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    env = gym.make("CartPole-v1", max_episode_steps=30)
    env.action_space.seed(0)
    buffer = ReplayBuffer(1_000, env.observation_space, env.action_space, seed=0)
    obs, _ = env.reset(seed=0)
    for _ in range(400):
        action = env.action_space.sample()
        next_obs, reward, terminated, truncated, _ = env.step(action)
        buffer.add(obs, action, reward, next_obs, terminated, truncated)
        obs = env.reset()[0] if terminated or truncated else next_obs
    return buffer


@pytest.mark.filterwarnings("ignore::UserWarning:minari")  # about missing metadata
def test_there_and_back_again(filled: ReplayBuffer):
    spaces = {
        "observation_space": gym.spaces.Box(-np.inf, np.inf, (4,), np.float32),
        "action_space": gym.spaces.Discrete(2),
    }
    dataset = to_minari(filled, "dqn-fast/cartpole-v0", **spaces)
    assert dataset.total_steps == len(filled)
    assert dataset.total_episodes == filled.stats()["segments"]
    again = ReplayBuffer(1_000, spaces["observation_space"], spaces["action_space"], seed=0)
    assert from_minari(minari.load_dataset("dqn-fast/cartpole-v0"), again) == len(filled)
    assert again.stats()["segments"] == filled.stats()["segments"]
    for n_step in (1, 5):
        here, there = filled.transitions(n_step=n_step), again.transitions(n_step=n_step)
        np.testing.assert_array_equal(here.obs, there.obs)
        np.testing.assert_array_equal(here.next_obs, there.next_obs)
        np.testing.assert_array_equal(here.action, there.action)
        np.testing.assert_array_equal(here.reward, there.reward)
        np.testing.assert_array_equal(here.discount, there.discount)


def test_an_empty_buffer_is_refused():
    buffer = ReplayBuffer(10, gym.spaces.Discrete(3), gym.spaces.Discrete(2))
    with pytest.raises(ValueError, match="buffer: got an empty one"):
        to_minari(buffer, "dqn-fast/empty-v0")


@pytest.mark.filterwarnings("ignore::UserWarning:minari")
def test_an_episode_of_stacks_that_jump_is_one_episode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    frames = np.random.default_rng(0).integers(0, 255, (60, 3), np.uint8)
    buffer = ReplayBuffer(100, frame_stack=4, reserve=3.0, seed=0)
    for step in range(20):
        buffer.add(
            frames[2 * step : 2 * step + 4],
            0,
            float(step),
            frames[2 * step + 2 : 2 * step + 6],
            step % 8 == 7,
        )
    spaces = {
        "observation_space": gym.spaces.Box(0, 255, (4, 3), np.uint8),
        "action_space": gym.spaces.Discrete(2),
    }
    dataset = to_minari(buffer, "dqn-fast/jumping-v0", **spaces)
    assert [len(episode.rewards) for episode in dataset.iterate_episodes()] == [8, 8, 4]
