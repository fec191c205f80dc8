"""SB3's DQN with prioritised replay: what differs from SB3's own DQN, and that nothing else does."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from stable_baselines3 import DQN
from stable_baselines3.common.buffers import ReplayBuffer as OriginalBuffer
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.envs import FakeImageEnv, IdentityEnv, SimpleMultiObsEnv
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import VecFrameStack, VecNormalize

from dqn_fast.dropin.sb3 import PrioritizedDQN, PrioritizedReplayBuffer, ReplayBuffer

FAST: dict[str, Any] = {"buffer_size": 200, "learning_starts": 50, "device": "cpu", "seed": 0}


def small() -> dict[str, Any]:
    return {"net_arch": [16]}  # SB3 adds to it


def cart_pole(**options: Any) -> PrioritizedDQN:
    env = make_vec_env("CartPole-v1", 2, seed=0, env_kwargs={"max_episode_steps": 20})
    return PrioritizedDQN("MlpPolicy", env, policy_kwargs=small(), **FAST, **options)


def parameters(model: DQN) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in model.q_net.parameters()])


@pytest.mark.parametrize("n_steps", [1, 3])
def test_with_equal_weights_an_update_is_that_of_sb3s_own_dqn(n_steps: int, monkeypatch: pytest.MonkeyPatch):
    options: dict[str, Any] = {"learning_rate": lambda progress: progress / 100, "max_grad_norm": 0.1}
    model = cart_pole(n_steps=n_steps, **options).learn(100)
    original = DQN("MlpPolicy", model.get_env(), policy_kwargs=small(), n_steps=n_steps, **FAST, **options)
    original.set_parameters(copy.deepcopy(model.get_parameters()))
    original.set_logger(model.logger)
    samples = model.replay_buffer.sample(32)._replace(weights=torch.ones(32, 1))
    before = parameters(model)
    for each in (model, original):
        each._current_progress_remaining = 0.5
        each.policy.set_training_mode(False)
        monkeypatch.setattr(each.replay_buffer, "sample", lambda *args, **kwargs: samples)
        each.train(gradient_steps=5, batch_size=32)
        assert each.policy.training
    assert torch.equal(parameters(model), parameters(original))
    assert not torch.equal(parameters(model), before)
    assert original._n_updates == 5


def test_the_loss_is_weighted_and_priorities_become_the_td_errors():
    model = cart_pole(alpha=0.7, priority_eps=0.01, max_grad_norm=1e9, learning_rate=1.0).learn(64)
    model.policy.optimizer = torch.optim.SGD(model.q_net.parameters(), 1.0)
    buffer: Any = model.replay_buffer
    buffer.update_priorities(buffer.memory.transitions().indices, np.arange(64) / 10)
    twin = copy.deepcopy(buffer)
    model._current_progress_remaining = 0.5
    samples = twin.sample(16, None, 0.7)  # halfway from 0.4 to 1
    assert samples.weights.min() < 0.5
    with torch.no_grad():
        best = model.q_net_target(samples.next_observations).max(dim=1).values[:, None]
        target = samples.rewards + (1 - samples.dones) * 0.99 * best
    q = model.q_net(samples.observations).gather(1, samples.actions)
    error = (target - q).abs()
    huber = torch.where(error < 1, error**2 / 2, error - 0.5)
    gradients = torch.autograd.grad((samples.weights * huber).mean(), list(model.q_net.parameters()))
    expected = parameters(model) - torch.cat([gradient.flatten() for gradient in gradients])
    model.train(gradient_steps=1, batch_size=16)
    torch.testing.assert_close(parameters(model), expected)
    masses = masses_of(buffer)
    for index, td_error in zip(samples.indices, error.flatten().tolist(), strict=True):
        assert masses[index] == pytest.approx((td_error + 0.01) ** 0.7, rel=1e-5)
    untouched = set(masses) - set(samples.indices)
    assert len(untouched) > 30
    for index, mass in masses_of(twin).items():
        assert index not in untouched or masses[index] == mass


def test_a_terminal_observation_is_not_looked_at():
    model = cart_pole().learn(100)
    samples = model.replay_buffer.sample(32)
    ends = torch.arange(32)[:, None] % 3 == 0
    samples = samples._replace(dones=ends.float())
    expected = model._target(samples)
    assert torch.equal(expected[ends], samples.rewards[ends])
    for odd in (torch.nan, torch.inf):
        next_observations = torch.where(ends, odd, samples.next_observations)
        assert torch.equal(model._target(samples._replace(next_observations=next_observations)), expected)


def masses_of(buffer: Any) -> dict[int, float]:
    indices = buffer.memory.indices()
    return dict(zip(indices.tolist(), buffer.memory.masses(indices).tolist(), strict=True))


def test_beta_grows_to_one_over_the_training(monkeypatch: pytest.MonkeyPatch):
    betas = []

    def sample(self: PrioritizedReplayBuffer, batch_size: int, env: Any, beta: float) -> Any:
        betas.append(beta)
        return original(self, batch_size, env, beta)

    original = PrioritizedReplayBuffer.sample
    monkeypatch.setattr(PrioritizedReplayBuffer, "sample", sample)
    model = cart_pole(beta=0.5).learn(400)
    assert betas == sorted(betas)
    assert betas[0] == pytest.approx(0.5 + 0.5 * 56 / 400)  # the first update is after 56 steps
    assert betas[-1] == 1
    assert model.logger.name_to_value["train/beta"] == 1
    assert model.logger.name_to_value["train/n_updates"] == len(betas) == model._n_updates
    assert model.logger.name_to_value["train/loss"] > 0


@pytest.mark.parametrize("n_steps", [1, 3])
@pytest.mark.parametrize("name", ["vector", "image", "dict", "normalized"])
def test_it_trains_on_everything(name: str, n_steps: int):
    image = {"screen_height": 36, "screen_width": 36}
    policy, env, kwargs = {
        "vector": ("MlpPolicy", lambda: make_vec_env("CartPole-v1", 3), {}),
        "image": (
            "CnnPolicy",
            lambda: VecFrameStack(make_vec_env(FakeImageEnv, 2, env_kwargs=image), 4),
            {"frame_stack": 4, "reserve": 1},
        ),
        "dict": ("MultiInputPolicy", lambda: make_vec_env(SimpleMultiObsEnv, 2), {}),
        "normalized": ("MlpPolicy", lambda: VecNormalize(make_vec_env("CartPole-v1", 2)), {}),
    }[name]
    model = PrioritizedDQN(
        policy, env(), n_steps=n_steps, gamma=0.9, replay_buffer_kwargs=kwargs, batch_size=8, **FAST
    )
    before = parameters(model)
    model.learn(100)
    assert model._n_updates > 0
    assert not torch.equal(parameters(model), before)
    samples: Any = model.replay_buffer.sample(300)
    assert len(samples.weights.unique()) > 10
    assert (samples.discounts is None) == (n_steps == 1)
    if n_steps > 1:
        assert samples.discounts.max() == pytest.approx(0.9)  # one step before an end
        assert samples.discounts.unique().numpy()[-3:] == pytest.approx(np.array([0.729, 0.81, 0.9]))


def test_a_saved_model_keeps_its_hyperparameters_and_load_may_change_them(tmp_path: Path):
    model = cart_pole(alpha=0.3, beta=0.6, priority_eps=0.1, n_steps=2, gamma=0.9).learn(60)
    model.save(tmp_path / "model")
    loaded = PrioritizedDQN.load(tmp_path / "model", model.get_env())
    assert torch.equal(parameters(loaded), parameters(model))
    assert (loaded.alpha, loaded.beta, loaded.priority_eps, loaded.n_steps) == (0.3, 0.6, 0.1, 2)
    buffer: Any = loaded.replay_buffer
    assert (buffer.alpha, buffer.priority_eps, buffer.n_steps, buffer.gamma) == (0.3, 0.1, 2, 0.9)
    loaded.learn(60)
    other: Any = PrioritizedDQN.load(tmp_path / "model", alpha=0.5).replay_buffer
    assert other.alpha == 0.5


@pytest.mark.parametrize("option", [{"alpha": -1}, {"beta": -0.1}, {"beta": 1.1}, {"priority_eps": -1}])
def test_a_hyperparameter_out_of_range_is_refused(option: dict[str, Any]):
    [(name, value)] = option.items()
    with pytest.raises(ValueError, match=f"{name}: got {value}"):
        cart_pole(**option)


def test_a_hyperparameter_is_given_in_one_place():
    with pytest.raises(TypeError, match="alpha"):
        cart_pole(replay_buffer_kwargs={"alpha": 0.5})


def test_another_kind_of_buffer_is_refused():
    with pytest.raises(TypeError, match=r"replay_buffer_class: got .*, expected a PrioritizedReplayBuffer"):
        cart_pole(replay_buffer_class=OriginalBuffer)


def test_a_loaded_buffer_without_priorities_is_refused(tmp_path: Path):
    model = cart_pole().learn(10)
    model.replay_buffer = ReplayBuffer(200, model.observation_space, model.action_space, "cpu", 2)
    model.save_replay_buffer(tmp_path / "buffer")
    model.load_replay_buffer(tmp_path / "buffer")
    with pytest.raises(TypeError, match="expected a PrioritizedReplayBuffer"):
        model.learn(100)


def test_it_learns():
    env = make_vec_env(lambda: IdentityEnv(4))
    model = PrioritizedDQN(
        "MlpPolicy", env, gamma=0.4, learning_rate=0.002, learning_starts=0, seed=3, device="cpu"
    )
    evaluate_policy(model.learn(1200), env, n_eval_episodes=20, reward_threshold=90, warn=False)
