"""SB3's own algorithms train on our buffer, and it holds what SB3's own would hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import ale_py
import gymnasium as gym
import pytest
import torch
from dropin.sb3.rows import WithDictOriginal, WithNStepOriginal, WithOriginal, all_rows, sampled_rows
from sb3_contrib import QRDQN
from stable_baselines3 import DQN, SAC
from stable_baselines3.common.env_util import make_atari_env, make_vec_env
from stable_baselines3.common.envs import FakeImageEnv, SimpleMultiObsEnv
from stable_baselines3.common.vec_env import VecEnv, VecFrameStack, VecNormalize

from dqn_fast.dropin.sb3 import DictReplayBuffer, PrioritizedDQN, ReplayBuffer

FAST: dict[str, Any] = {"buffer_size": 120, "learning_starts": 50, "device": "cpu", "seed": 0}
SMALL = {"net_arch": [16]}  # copy it: SB3 adds to what it is given
FEW_QUANTILES = {**SMALL, "n_quantiles": 10}


def cart_pole(n_envs: int = 1, max_episode_steps: int = 500) -> VecEnv:
    """Return CartPole with a time limit that truncates episodes."""
    return make_vec_env("CartPole-v1", n_envs, seed=0, env_kwargs={"max_episode_steps": max_episode_steps})


def images(n_envs: int = 2) -> VecEnv:
    image = {"screen_height": 36, "screen_width": 36, "n_channels": 1, "discrete": True}
    return VecFrameStack(make_vec_env(FakeImageEnv, n_envs, seed=0, env_kwargs=image), 4)


def dicts(channel_last: bool = True) -> VecEnv:
    return make_vec_env(SimpleMultiObsEnv, 2, seed=0, env_kwargs={"channel_last": channel_last})


@dataclass(frozen=True)
class Training:
    make_env: Callable[[], VecEnv]
    algorithm: Any = DQN
    policy: str = "MlpPolicy"
    policy_kwargs: Any = field(default_factory=lambda: SMALL)
    buffer: Any = WithOriginal
    buffer_kwargs: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)

    def model(self) -> Any:
        return self.algorithm(
            self.policy,
            self.make_env(),
            replay_buffer_class=self.buffer,
            replay_buffer_kwargs={"reserve": 1, **self.buffer_kwargs},
            policy_kwargs=dict(self.policy_kwargs),
            **FAST,
            **self.options,
        )


TRAININGS = {
    "a vector": Training(cart_pole),
    "four environments": Training(partial(cart_pole, 4)),
    "time limits": Training(partial(cart_pole, 2, 15)),
    "memory saving and time limits": Training(
        partial(cart_pole, 2, 15), options={"optimize_memory_usage": True}
    ),
    "n-step": Training(
        partial(cart_pole, 2, 15), buffer=WithNStepOriginal, buffer_kwargs={"n_steps": 3, "gamma": 0.5}
    ),
    "stacks of images": Training(
        images, policy="CnnPolicy", policy_kwargs={"normalize_images": True}, buffer_kwargs={"frame_stack": 4}
    ),
    "dict observations": Training(dicts, policy="MultiInputPolicy", buffer=WithDictOriginal),
    "VecNormalize": Training(lambda: VecNormalize(cart_pole(2))),
    "VecNormalize, dict observations": Training(
        lambda: VecNormalize(dicts(channel_last=False), norm_obs_keys=["vec"]),
        policy="MultiInputPolicy",
        buffer=WithDictOriginal,
    ),
    "quantile regression": Training(partial(cart_pole, 2), algorithm=QRDQN, policy_kwargs=FEW_QUANTILES),
    "continuous actions": Training(lambda: make_vec_env("Pendulum-v1", 2, seed=0), algorithm=SAC),
}


def parameters(model: Any) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in model.policy.parameters()])


@pytest.mark.parametrize("name", TRAININGS)
def test_training_fills_it_as_it_fills_sb3s_own_buffer(name: str):
    model = TRAININGS[name].model()
    before = parameters(model)
    model.learn(300)
    assert model.replay_buffer.full
    assert model._n_updates > 10
    assert not torch.equal(parameters(model), before)
    assert sampled_rows(model.replay_buffer) == all_rows(model.replay_buffer.original)
    normalizer = model.get_vec_normalize_env()
    if normalizer is not None:
        ours = sampled_rows(model.replay_buffer, normalizer)
        assert ours == all_rows(model.replay_buffer.original, normalizer)


def test_n_step_returns_train_on_dict_observations():
    """SB3 has no n-step returns for Dict observations."""
    training = Training(
        dicts,
        policy="MultiInputPolicy",
        buffer=DictReplayBuffer,
        buffer_kwargs={"n_steps": 3, "gamma": 0.97},
    )
    model = training.model().learn(300)
    discounts = model.replay_buffer.sample(500).discounts.unique().tolist()
    assert discounts[-3:] == pytest.approx([0.97**3, 0.97**2, 0.97])
    assert discounts[:-3] in ([], [0])


@pytest.mark.parametrize("algorithm", [DQN, QRDQN, PrioritizedDQN])
def test_a_seed_repeats_a_training(algorithm: Any):
    def trained(seed: int) -> torch.Tensor:
        policy = FEW_QUANTILES if algorithm is QRDQN else SMALL
        options = {**FAST, "seed": seed, "policy_kwargs": dict(policy)}
        if algorithm is not PrioritizedDQN:
            options["replay_buffer_class"] = ReplayBuffer
        return parameters(algorithm("MlpPolicy", "CartPole-v1", **options).learn(200))

    assert torch.equal(trained(1), trained(1))
    assert not torch.equal(trained(1), trained(2))


@pytest.mark.parametrize("algorithm", [DQN, PrioritizedDQN])
def test_a_saved_model_and_its_buffer_go_on_as_if_they_had_not_been_saved(algorithm: Any, tmp_path: Path):
    options = {} if algorithm is PrioritizedDQN else {"replay_buffer_class": ReplayBuffer}
    model = algorithm("MlpPolicy", cart_pole(2), policy_kwargs=dict(SMALL), **FAST, **options).learn(300)
    model.save(tmp_path / "model")
    model.save_replay_buffer(tmp_path / "buffer")
    loaded = algorithm.load(tmp_path / "model")
    loaded.load_replay_buffer(tmp_path / "buffer")
    assert type(loaded.replay_buffer) is type(model.replay_buffer)
    for each in (model, loaded):
        each.set_env(cart_pole(2))
        each.set_random_seed(7)
        each.learn(200, reset_num_timesteps=False)
    assert torch.equal(parameters(model), parameters(loaded))
    assert sampled_rows(model.replay_buffer) == sampled_rows(loaded.replay_buffer)


def test_memory_saving_begins_a_segment_where_learn_begins_again():
    buffer_kwargs = {"n_steps": 50, "gamma": 1.0}
    training = Training(
        cart_pole, buffer=ReplayBuffer, buffer_kwargs=buffer_kwargs, options={"optimize_memory_usage": True}
    )
    model = training.model().learn(8)
    with pytest.warns(UserWarning, match="last trajectory in the replay buffer will be truncated"):
        model.learn(8)
    assert model.replay_buffer.memory.stats()["segments"] == 2
    assert model.replay_buffer.sample(200).rewards.max() == 8


def test_real_games_come_back_frame_by_frame():
    gym.register_envs(ale_py)
    training = Training(
        lambda: VecFrameStack(make_atari_env("BreakoutNoFrameskip-v4", 2, seed=0), 4),
        policy="CnnPolicy",
        policy_kwargs={},
        buffer_kwargs={"frame_stack": 4},
        options={"batch_size": 8},
    )
    model = training.model().learn(200)
    assert sampled_rows(model.replay_buffer) == all_rows(model.replay_buffer.original)
