"""Code of cpprb's manual, and a loop that learns."""

from __future__ import annotations

from typing import Any

import cpprb
import gymnasium as gym
import numpy as np
import pytest
import torch
from dropin.cartpole import BATCH, RANDOM_RETURN, Learner, play, q_network
from dropin.cpprb.rows import ENV_DICTS, NSTEP

from dqn_fast.dropin.cpprb import PrioritizedReplayBuffer, ReplayBuffer, create_buffer


def test_code_of_its_manual_runs() -> None:
    rb = create_buffer(1e3, ENV_DICTS["usual"])
    assert (
        type(rb) is ReplayBuffer
        and type(create_buffer(5, ENV_DICTS["usual"], prioritized=True, alpha=0.5)) is PrioritizedReplayBuffer
    )
    rb.add(
        obs=np.ones((10, 3)),
        act=np.zeros((10, 1)),
        rew=np.ones(10),
        next_obs=np.ones((10, 3)),
        done=np.zeros(10),
    )
    assert rb.get_stored_size() == 10
    # Names without a next value, stacks among them, and lists.
    stacked = ReplayBuffer(1e3, {"obs": {"shape": (3, 2)}}, stack_compress="obs")
    assert stacked.add(obs=[[1, 2], [1, 2], [1, 2]]) == 0 and stacked.add(obs=[[2, 3], [2, 3], [2, 3]]) == 1
    assert stacked.sample(4)["obs"].shape == (4, 3, 2)
    env = gym.make("Blackjack-v1")
    before_add = cpprb.create_before_add_func(env)
    blackjack = ReplayBuffer(256, cpprb.create_env_dict(env))
    obs, _ = env.reset(seed=0)
    for _ in range(400):
        act = env.action_space.sample()
        next_obs, rew, done, _, _ = env.step(act)
        blackjack.add(**before_add(obs=obs, act=act, next_obs=next_obs, rew=rew, done=done))
        obs = next_obs
        if done:
            obs, _ = env.reset()
            blackjack.on_episode_end()
    assert set(blackjack.sample(8)) == set(cpprb.create_env_dict(env))


@pytest.mark.parametrize("nstep", [None, NSTEP])
def test_its_dqn_loop_learns_cartpole(nstep: Any) -> None:
    network = q_network()
    learner = Learner(network)
    env_dict = {**ENV_DICTS["usual"], "obs": {"shape": (4,)}, "next_obs": {"shape": (4,)}}
    rb = PrioritizedReplayBuffer(2_000, env_dict, Nstep=nstep)

    def learn() -> None:
        sample = rb.sample(BATCH, 0.4)
        error = learner(
            torch.as_tensor(sample["obs"]),
            torch.as_tensor(sample["act"].ravel().astype(np.int64)),
            torch.as_tensor(sample["rew"].ravel()),
            torch.as_tensor(sample["next_obs"]),
            torch.as_tensor(sample["done"].ravel()),
        )
        rb.update_priorities(sample["indexes"], error)

    def remember(state: Any, action: int, reward: float, next_state: Any, done: bool, cut: bool) -> None:
        rb.add(obs=state, act=action, rew=reward, next_obs=next_state, done=done)
        if done or cut:
            rb.on_episode_end()

    assert play(network, remember, learn) > 1.5 * RANDOM_RETURN
