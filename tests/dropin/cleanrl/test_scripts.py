# ruff: noqa: NPY002  # the originals draw from NumPy's global generator
"""Loops in the shape of CleanRL's `dqn_atari.py` and `dqn.py`."""

from __future__ import annotations

from typing import Any

import ale_py
import gymnasium as gym
import numpy as np
import torch
from dropin.cartpole import GAMMA, q_network
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import AtariPreprocessing, FrameStackObservation
from torch import nn

from dqn_fast.dropin.cleanrl import ReplayBuffer


def make_pong() -> gym.Env[Any, Any]:
    gym.register_envs(ale_py)
    env = gym.make("ALE/Pong-v5", frameskip=1, max_num_frames_per_episode=400)  # truncates every 100 steps
    return FrameStackObservation(AtariPreprocessing(env, noop_max=5), 4)


def test_dqn_ataris_loop_keeps_the_last_observations_that_the_original_overwrites() -> None:
    envs = SyncVectorEnv([make_pong], autoreset_mode=AutoresetMode.SAME_STEP)
    rb = ReplayBuffer(
        250,
        envs.single_observation_space,
        envs.single_action_space,
        torch.device("cpu"),
        optimize_memory_usage=True,
        handle_timeout_termination=False,
    )
    envs.single_action_space.seed(0)
    obs, _ = envs.reset(seed=0)
    added, ends = [], 0
    for step in range(400):
        actions = np.array([envs.single_action_space.sample()])
        next_obs, _, terminations, truncations, infos = envs.step(actions)
        real_next_obs = next_obs.copy()
        for idx, trunc in enumerate(truncations):
            if trunc:
                real_next_obs[idx] = infos["final_obs"][idx]
                ends += 1
        rb.add(obs, real_next_obs, actions, np.array([step]), terminations, infos)
        added.append((obs[0], real_next_obs[0], actions[0]))
        obs = next_obs
    envs.close()
    assert ends >= 2 and rb.full
    seen = set()
    for _ in range(40):
        data = rb.sample(32)
        for row, step in enumerate(data.rewards[:, 0].to(torch.int64).tolist()):
            assert step >= 150
            assert np.array_equal(data.observations[row].numpy(), added[step][0])
            assert np.array_equal(data.next_observations[row].numpy(), added[step][1])
            assert data.actions[row] == added[step][2]
            seen.add(step)
    assert len(seen) > 240
    assert rb._buffer.nbytes < 1.2 * 250 * 84 * 84


def test_dqns_loop_learns_cartpole() -> None:
    torch.set_num_threads(1)
    np.random.seed(1)
    rng = np.random.default_rng(1)
    envs = SyncVectorEnv(
        [lambda: gym.wrappers.RecordEpisodeStatistics(gym.make("CartPole-v1"))],
        autoreset_mode=AutoresetMode.SAME_STEP,
    )
    q, target = q_network(), q_network()
    optimizer = torch.optim.Adam(q.parameters(), lr=1e-3)
    rb = ReplayBuffer(
        2_000,
        envs.single_observation_space,
        envs.single_action_space,
        torch.device("cpu"),
        handle_timeout_termination=False,
    )
    lengths = []
    obs, _ = envs.reset(seed=1)
    for step in range(3_000):
        if rng.random() < max(0.05, 1 - step / 1_500):
            actions = rng.integers(2, size=1)
        else:
            actions = q(torch.Tensor(obs)).argmax(1).numpy()
        next_obs, rewards, terminations, truncations, infos = envs.step(actions)
        real_next_obs = next_obs.copy()
        if "final_obs" in infos:
            lengths.append(float(infos["final_info"]["episode"]["l"][0]))
            for idx, trunc in enumerate(truncations):
                if trunc:
                    real_next_obs[idx] = infos["final_obs"][idx]
        rb.add(obs, real_next_obs, actions, rewards, terminations, infos)
        obs = next_obs
        if step >= 500 and step % 2 == 0:
            data = rb.sample(64)
            with torch.no_grad():
                target_max, _ = target(data.next_observations).max(dim=1)
                td_target = data.rewards.flatten() + GAMMA * target_max * (1 - data.dones.flatten())
            old_val = q(data.observations).gather(1, data.actions).squeeze()
            loss = nn.functional.smooth_l1_loss(td_target, old_val)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if step % 200 == 0:
                target.load_state_dict(q.state_dict())
    envs.close()
    assert np.mean(lengths[-10:]) > 2 * 22
