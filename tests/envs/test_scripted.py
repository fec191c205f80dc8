"""An environment's own data policy."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from training.tiny import Tiny

from dqn_fast.envs import ScriptedPolicy


class Ruled(Tiny):
    """Its rule walks right, but for one step in five."""

    def scripted_action(self, generator: np.random.Generator) -> int:
        return int(self.place >= 0 and generator.random() < 0.8)


def test_it_asks_the_environment_before_every_step_whatever_is_around_it() -> None:
    env: gym.Env[Any, Any] = gym.wrappers.TransformReward(Ruled(), lambda reward: 2 * reward)
    policy = ScriptedPolicy(env, np.random.default_rng(3))
    obs, _ = env.reset(seed=0)
    generator = np.random.default_rng(3)
    for step in range(20):
        action = policy.act(obs[None], step)
        assert action.tolist() == [int(generator.random() < 0.8)]
        assert action.dtype == np.int64
        if any(env.step(int(action[0]))[2:4]):
            obs, _ = env.reset()
    again = ScriptedPolicy(env, np.random.default_rng(0))
    again.load_state_dict(policy.state_dict())
    assert [again.act(obs[None], 0)[0] for _ in range(9)] == [policy.act(obs[None], 0)[0] for _ in range(9)]
    assert (policy.extras(), policy.figures(0)) == ({}, {})


def test_an_environment_without_one_is_named() -> None:
    with pytest.raises(TypeError, match=r"^scripted_action: got none, expected a method of Tiny$"):
        ScriptedPolicy(Tiny(), np.random.default_rng(0))
