"""From a configuration to the parts of a run."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
import torch

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer
from dqn_fast.agent import (
    DQN,
    EpsilonGreedy,
    Experience,
    ExponentialSchedule,
    HardTarget,
    LinearSchedule,
    PrioritizedExperience,
    QNetwork,
    Schedule,
    SoftTarget,
    Target,
    UniformExperience,
    double_q_learning,
    make_q_net,
    q_learning,
)
from dqn_fast.agent.losses import huber, squared_error
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.seeds import derive_seeds


class Memory(NamedTuple):
    """The replay memory, and the view of it that the learner has."""

    buffer: ReplayBuffer
    experience: Experience


def build_q_net(config: TrainConfig, env: gym.Env[Any, Any]) -> QNetwork:
    """Return the Q-network of a run, with its initial weights."""
    generator = torch.Generator().manual_seed(derive_seeds(config.seed).network)
    return make_q_net(env.observation_space, env.action_space, config.hidden_sizes, generator)


def build_agent(config: TrainConfig, env: gym.Env[Any, Any]) -> DQN:
    """Return the agent of a run, before its first step."""
    q_net = build_q_net(config, env)
    return DQN(
        q_net,
        _target(config, q_net),
        # PyTorch's fused Adam updates all parameters in one call; on small networks the calls are what costs.
        torch.optim.Adam(q_net.parameters(), lr=config.learning_rate, eps=config.adam_eps, fused=True),
        bootstrap=double_q_learning if config.double else q_learning,
        loss=partial(huber, delta=config.huber_delta) if config.loss == "huber" else squared_error,
        exploration=EpsilonGreedy(
            _epsilon_schedule(config),
            q_net.num_actions,
            np.random.default_rng(derive_seeds(config.seed).exploration),
        ),
        learning_rate_schedule=LinearSchedule(
            config.learning_rate, config.learning_rate_end, config.total_steps
        ),
        max_grad_norm=config.max_grad_norm,
    )


def build_memory(config: TrainConfig, env: gym.Env[Any, Any]) -> Memory:
    """Return the replay memory of a run, empty."""
    spaces = env.observation_space, env.action_space
    seed = derive_seeds(config.seed).memory
    if not config.prioritized:
        buffer = ReplayBuffer(config.capacity, *spaces, n_step=config.n_step, gamma=config.gamma, seed=seed)
        return Memory(buffer, UniformExperience(buffer, config.batch_size))
    beta_schedule = LinearSchedule(config.beta_begin, config.beta_end, config.total_steps)
    prioritized = PrioritizedReplayBuffer(
        config.capacity,
        *spaces,
        n_step=config.n_step,
        gamma=config.gamma,
        alpha=config.alpha,
        beta=config.beta_begin,
        priority_eps=config.priority_eps,
        seed=seed,
    )
    return Memory(prioritized, PrioritizedExperience(prioritized, config.batch_size, beta_schedule))


def _target(config: TrainConfig, q_net: QNetwork) -> Target:
    if config.target == "soft":
        return SoftTarget(q_net, config.tau)
    return HardTarget(q_net, config.target_update_period)


def _epsilon_schedule(config: TrainConfig) -> Schedule:
    schedule = LinearSchedule if config.epsilon_schedule == "linear" else ExponentialSchedule
    decay_steps = round(config.epsilon_decay * config.total_steps)
    return schedule(config.epsilon_begin, config.epsilon_end, decay_steps)
