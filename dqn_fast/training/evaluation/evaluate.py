"""Evaluation: what a policy is worth in an environment of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np

from dqn_fast.agent import Policy, QNetwork
from dqn_fast.training.evaluation.play import Episode, greedy_policy, play

#: Environment steps after which an evaluation cuts an episode, unless told otherwise. Not every environment
#: has a time limit, and a greedy policy may go on for ever. 27,000 are the 30 minutes of Atari (Machado et
#: al., 2018), at 4 frames a step.
MAX_EPISODE_STEPS = 27_000


class Evaluation(NamedTuple):
    """Undiscounted returns of a policy.

    Attributes:
        returns: of each episode; of one that was cut, until then.
        cut: how many episodes were cut, because they were longer than the evaluation allows.
        steps: environment steps of all episodes; 0 in a checkpoint of version 0.1.0.
    """

    returns: list[float]
    cut: int = 0
    steps: int = 0

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
    max_episode_steps: int = MAX_EPISODE_STEPS,
    should_stop: Callable[[], bool] = lambda: False,
) -> Evaluation | None:
    """Play episodes with a network's greedy policy, ε = 0.

    Episode i is reset with seed + i, so it is the same whatever the policy did in the ones before it.

    Args:
        q_net: the network to ask.
        env: not closed.
        episodes: how many, at least 1.
        seed: of the first episode.
        max_episode_steps: environment steps after which an episode is cut, and counts with what it has.
        should_stop: asked at every reset and after every environment step; True gives up.

    Returns:
        The returns, or None if stopped.
    """
    return evaluate_policy(
        greedy_policy(q_net),
        env,
        episodes,
        seed,
        max_episode_steps=max_episode_steps,
        should_stop=should_stop,
    )


def evaluate_policy(
    policy: Policy,
    env: gym.Env[Any, Any],
    episodes: int,
    seed: int,
    *,
    max_episode_steps: int = MAX_EPISODE_STEPS,
    should_stop: Callable[[], bool] = lambda: False,
) -> Evaluation | None:
    """Play episodes with a policy, which should not explore; all else is as in `evaluate`."""
    played: list[Episode] = []
    for episode in play(policy, env, range(seed, seed + episodes), max_episode_steps):
        if should_stop():
            return None
        if episode.steps == 0:
            played.append(episode)
    cut = sum(not episode.ended for episode in played)
    steps = sum(episode.steps for episode in played)
    return Evaluation([episode.episode_return for episode in played], cut, steps)
