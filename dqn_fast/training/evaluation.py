"""Evaluation: what the greedy policy is worth in an environment of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np

from dqn_fast.agent import QNetwork, greedy_action


class Evaluation(NamedTuple):
    """Undiscounted returns of the greedy policy, one for each episode."""

    returns: list[float]

    @property
    def mean(self) -> float:
        """Mean return."""
        return float(np.mean(self.returns))

    @property
    def std(self) -> float:
        """Standard deviation of the returns (divided by their number)."""
        return float(np.std(self.returns))

    def __str__(self) -> str:
        return f"return {self.mean:.1f} ± {self.std:.1f} over {len(self.returns)} episodes (ε = 0)"


def evaluate(
    q_net: QNetwork,
    env: gym.Env[Any, Any],
    episodes: int,
    seed: int,
    *,
    should_stop: Callable[[], bool] = lambda: False,
) -> Evaluation | None:
    """Play whole episodes with ε = 0.

    Episode i is reset with seed + i, so it is the same whatever the policy did in the ones before it.

    Args:
        q_net: the network to ask.
        env: not closed.
        episodes: how many, at least 1.
        seed: of the first episode.
        should_stop: asked after every environment step; True gives up.

    Returns:
        The returns, or None if stopped.
    """
    returns = []
    for episode in range(episodes):
        obs, _ = env.reset(seed=seed + episode)
        episode_return, episode_end = 0.0, False
        while not episode_end:
            obs, reward, terminated, truncated, _ = env.step(greedy_action(q_net, obs))
            episode_return += float(reward)
            episode_end = terminated or truncated
            if should_stop():
                return None
        returns.append(episode_return)
    return Evaluation(returns)
