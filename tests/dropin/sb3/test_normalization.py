"""VecNormalize, which SB3 applies to what it samples."""

from __future__ import annotations

import copy
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from dropin.sb3.building import made, original
from dropin.sb3.rows import all_rows, sampled_rows
from dropin.sb3.streams import ACTIONS, OBSERVATIONS, Streams
from gymnasium import spaces
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

from dqn_fast.dropin.sb3 import ReplayBuffer


class Anything(gym.Env[Any, Any]):
    """Has a space and no steps: `VecNormalize` takes its space from an environment."""

    action_space = ACTIONS["discrete"]

    def __init__(self, space: spaces.Space[Any]) -> None:
        self.observation_space = space


def normalizer(space: Any, rng: np.random.Generator, **options: Any) -> VecNormalize:
    """Return a `VecNormalize` with statistics of some training, which clip some observations and rewards."""
    envs = DummyVecEnv([lambda: Anything(copy.deepcopy(space))])  # it replaces a Dict's spaces
    env = VecNormalize(envs, clip_obs=1.0, clip_reward=0.9, **options)
    if env.norm_obs:
        for statistics in env.obs_rms.values() if isinstance(env.obs_rms, dict) else [env.obs_rms]:
            statistics.update(rng.normal(0.3, 0.6, (50, *statistics.mean.shape)))
    env.ret_rms.update(rng.normal(0, 0.7, 50))
    return env


@pytest.mark.parametrize("options", [{}, {"norm_reward": False}, {"norm_obs": False}], ids=str)
@pytest.mark.parametrize("n_envs", [1, 3])
@pytest.mark.parametrize("kind", ["vector", "image", "dict"])
def test_vec_normalize_gives_what_it_gives_sb3s_own_buffer(kind: str, n_envs: int, options: dict[str, Any]):
    rng = np.random.default_rng(n_envs)
    if kind == "dict":
        options = {**options, "norm_obs_keys": ["image"]}
    env = normalizer(OBSERVATIONS[kind], rng, **options)
    ours, theirs = made(kind, 60, n_envs), original(kind, 60, n_envs)
    for step in Streams(OBSERVATIONS[kind], ACTIONS["discrete"], n_envs, rng).steps(40):
        ours.add(*copy.deepcopy(step))
        theirs.add(*copy.deepcopy(step))
    assert sampled_rows(ours, env) == all_rows(theirs, env)
    assert sampled_rows(ours) == all_rows(theirs)  # stored values are not normalised


@pytest.mark.parametrize("norm_reward", [True, False])
@pytest.mark.parametrize("n_envs", [1, 3])
def test_vec_normalize_normalises_each_reward_of_an_n_step_return(n_envs: int, norm_reward: bool):
    rng = np.random.default_rng(5)
    env = normalizer(OBSERVATIONS["vector"], rng, norm_reward=norm_reward)
    ours = made("vector", 60, n_envs, n_steps=4, gamma=0.9)
    theirs = original("vector", 60, n_envs, n_steps=4, gamma=0.9)
    for step in Streams(OBSERVATIONS["vector"], ACTIONS["discrete"], n_envs, rng).steps(40):
        ours.add(*step)
        theirs.add(*step)
    # Sums in float32 in one order and in float64 in another: equal to a few units in the last place.
    for row, true in zip(sorted(sampled_rows(ours, env)), sorted(all_rows(theirs, env)), strict=True):
        assert row[:-8] == true[:-8]
        np.testing.assert_allclose(np.frombuffer(row[-8:], "f4"), np.frombuffer(true[-8:], "f4"), 1e-6, 1e-7)


def test_rewards_of_stacks_that_jump_are_those_of_their_steps():
    """Between such steps lie frames that have an index and no reward."""
    rng = np.random.default_rng(7)
    space = spaces.Box(0, 255, (4, 6, 6), np.uint8)
    env = normalizer(space, rng, norm_obs=False)
    frames = rng.integers(0, 255, (100, 6, 6), np.uint8)
    ours = ReplayBuffer(
        60, space, ACTIONS["discrete"], "cpu", n_steps=3, gamma=0.9, frame_stack=4, reserve=3.0
    )
    rewards = rng.normal(0, 1, 40).astype(np.float32)
    for step in range(40):
        obs, next_obs = (frames[2 * at : 2 * at + 4][None] for at in (step, step + 1))
        action, done = np.array([[step % 2]]), np.array([step % 10 == 9])
        ours.add(obs, next_obs, action, rewards[[step]], done, [{}])
    normalized = env.normalize_reward(rewards)
    ends = 10 * (np.arange(40) // 10) + 10
    expected = {
        frames[2 * t : 2 * t + 4].tobytes(): sum(
            0.9**k * normalized[t + k] for k in range(3) if t + k < ends[t]
        )
        for t in range(40)
    }
    samples = ours.sample(200, env)
    for row, reward in zip(samples.observations.numpy(), samples.rewards.numpy(), strict=True):
        assert reward == pytest.approx(expected[row.tobytes()], abs=1e-6)
