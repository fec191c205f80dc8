"""Evaluation: what the greedy policy is worth in an environment of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np

from dqn_fast.agent import Greedy, QNetwork


class Evaluation(NamedTuple):
    """Undiscounted returns of the greedy policy.

    Attributes:
        returns: of each episode; of one that was cut, until then.
        cut: how many episodes were cut, because they were longer than the evaluation allows.
    """

    returns: list[float]
    cut: int = 0

    @property
    def mean(self) -> float:
        """Mean return."""
        return float(np.mean(self.returns))

    @property
    def std(self) -> float:
        """Standard deviation of the returns (divided by their number)."""
        return float(np.std(self.returns))

    def __str__(self) -> str:
        cut = f", {self.cut} of them cut" if self.cut else ""
        episodes = "1 episode" if len(self.returns) == 1 else f"{len(self.returns)} episodes"
        return f"return {self.mean:.1f} ± {self.std:.1f} over {episodes}{cut} (ε = 0)"


def evaluate(
    q_net: QNetwork,
    env: gym.Env[Any, Any],
    episodes: int,
    seed: int,
    *,
    max_episode_steps: int = 27_000,
    should_stop: Callable[[], bool] = lambda: False,
) -> Evaluation | None:
    """Play episodes with ε = 0.

    Episode i is reset with seed + i, so it is the same whatever the policy did in the ones before it.

    Args:
        q_net: the network to ask.
        env: not closed.
        episodes: how many, at least 1.
        seed: of the first episode.
        max_episode_steps: environment steps after which an episode is cut, and counts with what it has. Not
            every environment has a time limit, and a greedy policy may go on for ever. 27,000 are the 30
            minutes of Atari (Machado et al., 2018), at 4 frames a step.
        should_stop: asked after every environment step; True gives up.

    Returns:
        The returns, or None if stopped.
    """
    greedy, returns, cut = Greedy(q_net), [], 0
    for episode in range(episodes):
        obs, _ = env.reset(seed=seed + episode)
        episode_return, episode_end, steps = 0.0, False, 0
        while not episode_end and steps < max_episode_steps:
            obs, reward, terminated, truncated, _ = env.step(greedy(obs))
            episode_return += float(reward)
            episode_end = terminated or truncated
            steps += 1
            if should_stop():
                return None
        returns.append(episode_return)
        cut += not episode_end
    return Evaluation(returns, cut)
