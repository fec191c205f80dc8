"""Builds the agent of a run."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from gymnasium import spaces

from dqn_fast.agent import (
    DQN,
    Adam,
    CloningObjective,
    ConservativeObjective,
    CopyPolicy,
    EpsilonGreedy,
    Exploration,
    ExponentialSchedule,
    FlatParameters,
    HardTarget,
    ImplicitObjective,
    ImplicitValues,
    LinearSchedule,
    Loss,
    NoRescaling,
    Objective,
    Optimizer,
    PriorValues,
    QNetwork,
    RMSProp,
    Sampling,
    Schedule,
    SoftObjective,
    SoftTarget,
    SquareRoot,
    Target,
    TDObjective,
    core_rows,
    huber,
    make_policy,
    online_selector,
    squared_error,
    target_selector,
)
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.parts.bodies import begin_words
from dqn_fast.training.parts.device import placed
from dqn_fast.training.parts.networks import build_q_net


def build_agent(
    config: TrainConfig,
    observation_space: spaces.Space[Any],
    action_space: spaces.Space[Any],
    *,
    first_env: int = 0,
    total_envs: int | None = None,
) -> DQN:
    """Return the agent of a run, before its first step.

    Args:
        config: of the run.
        observation_space: of one environment.
        action_space: of one environment.
        first_env: of the environments that it acts in, the number of the first among those of all actors.
        total_envs: how many these are; None: those that it acts in.

    Raises:
        UsageError: if `build_q_net`, `begin_words` or `placed` raises it.
    """
    q_net = build_q_net(config, observation_space, action_space)
    begin_words(config, q_net)
    acts_here = config.act_on == "cpu" or (config.act_on == "auto" and config.num_envs <= core_rows(q_net))
    q_net = placed(config, q_net, observation_space)
    parameters = FlatParameters(q_net)
    policy = partial(
        make_policy,
        exploration=_exploration(config, q_net.num_actions, first_env, total_envs),
        num_envs=config.num_envs,
        store_state=config.stored_state,
    )
    is_elsewhere = parameters.vector.device.type != "cpu"
    return DQN(
        q_net,
        parameters,
        _target(config, q_net, parameters),
        _optimizer(config, parameters),
        objective=_objective(config, q_net.num_actions),
        policy=CopyPolicy(q_net, parameters, policy) if is_elsewhere and acts_here else policy(q_net),
        learning_rate_schedule=LinearSchedule(
            config.learning_rate, config.learning_rate_end, config.total_steps
        ),
        max_grad_norm=config.max_grad_norm,
        repeats=config.cuda_graph and not config.body,
    )


def _objective(config: TrainConfig, num_actions: int) -> Objective:
    loss: Loss = partial(huber, delta=config.huber_delta) if config.loss == "huber" else squared_error
    if config.objective == "bc":
        return CloningObjective()
    if config.objective == "iql":
        heads = ImplicitValues(config.iql_beta)
        return ImplicitObjective(heads, loss, config.iql_expectile, num_actions)
    if config.objective == "soft":
        return SoftObjective(PriorValues(config.soft_beta), loss)
    rescaling = SquareRoot() if config.value_rescaling else NoRescaling()
    td = TDObjective(online_selector if config.double else target_selector, loss, rescaling)
    return ConservativeObjective(td, config.cql_alpha) if config.objective == "cql" else td


def _exploration(
    config: TrainConfig, num_actions: int, first_env: int, total_envs: int | None
) -> Exploration:
    if config.objective == "soft":
        return Sampling(np.random.default_rng(config.seeds.exploration))
    return EpsilonGreedy(
        _epsilon_schedule(config),
        num_actions,
        np.random.default_rng(config.seeds.exploration),
        num_envs=config.num_envs,
        spread=config.epsilon_spread,
        first_env=first_env,
        total_envs=total_envs,
        repeat=config.epsilon_repeat,
    )


def _optimizer(config: TrainConfig, parameters: FlatParameters) -> Optimizer:
    if config.optimizer == "rmsprop":
        return RMSProp(parameters, eps=config.rmsprop_eps, momentum=config.rmsprop_momentum)
    return Adam(parameters, eps=config.adam_eps)


def _target(config: TrainConfig, q_net: QNetwork, parameters: FlatParameters) -> Target:
    if config.target == "soft":
        return SoftTarget(q_net, parameters, config.tau)
    return HardTarget(q_net, parameters, config.target_update_period)


def _epsilon_schedule(config: TrainConfig) -> Schedule:
    schedule = LinearSchedule if config.epsilon_schedule == "linear" else ExponentialSchedule
    decay_steps = round(config.epsilon_decay * config.total_steps)
    return schedule(config.epsilon_begin, config.epsilon_end, decay_steps)
