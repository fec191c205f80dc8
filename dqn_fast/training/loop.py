"""The training loop: act, step, store, learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium as gym

from dqn_fast.agent import DQN
from dqn_fast.training.build import Memory
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.metrics import Metrics, MetricsRow
from dqn_fast.training.seeds import derive_seeds


def train_loop(
    config: TrainConfig,
    env: gym.Env[Any, Any],
    agent: DQN,
    memory: Memory,
    *,
    on_row: Callable[[MetricsRow], None],
    should_stop: Callable[[], bool],
) -> int:
    """Train the agent in the environment.

    Args:
        config: lengths and periods.
        env: one environment; it is reset with the run's seed first, and not closed.
        agent: acts and learns, in place.
        memory: filled, in place.
        on_row: called with a row of metrics every `log_period` environment steps and after the last step.
        should_stop: asked after every environment step; True ends the loop there.

    Returns:
        Environment steps made: `total_steps`, or fewer if stopped.
    """
    buffer, experience = memory
    metrics = Metrics(config.return_window)
    obs, _ = env.reset(seed=derive_seeds(config.seed).environment)
    episode_return = 0.0
    for step in range(1, config.total_steps + 1):
        action = agent.act(obs, step)
        next_obs, reward, terminated, truncated, _ = env.step(action)
        # `next_obs` is the true last observation at an episode's end, and the memory keeps termination and
        # truncation apart: that is all a correct bootstrap needs.
        buffer.add(obs, action, reward, next_obs, terminated, truncated)
        episode_return += float(reward)
        obs = next_obs
        if terminated or truncated:
            metrics.episode_ended(episode_return)
            episode_return = 0.0
            obs, _ = env.reset()
        if step >= config.learning_starts and step % config.learn_period == 0:
            batch = experience.sample(step)
            learned = agent.learn(batch, step)
            experience.learned(batch, learned.td_error)
            metrics.learned(learned)
        stop = should_stop()
        if stop or step % config.log_period == 0 or step == config.total_steps:
            epsilon = agent.exploration.epsilon_schedule(step)
            on_row(metrics.row(step, agent.updates, epsilon, agent.learning_rate_schedule(step)))
        if stop:
            break
    return step
