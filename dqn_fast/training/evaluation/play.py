"""Play: episodes of a policy, step by step, for whoever watches: evaluations, races and films."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import gymnasium as gym

from dqn_fast import trees
from dqn_fast.agent import FeedForwardPolicy, NoExploration, Policy, QNetwork
from dqn_fast.envs import checked


class Episode:
    """What has happened in an episode so far; it changes while the episode is played.

    Attributes:
        steps: environment steps made.
        episode_return: undiscounted.
        ended: whether it has ended by itself, terminated or truncated.
    """

    __slots__ = ("ended", "episode_return", "steps")

    def __init__(self) -> None:
        self.steps = 0
        self.episode_return = 0.0
        self.ended = False


def greedy_policy(q_net: QNetwork) -> Policy:
    """Return the policy of a network that does not explore, for one environment at a time."""
    return FeedForwardPolicy(q_net, NoExploration())


def play(
    policy: Policy, env: gym.Env[Any, Any], seeds: Iterable[int], max_episode_steps: float = math.inf
) -> Iterator[Episode]:
    """Play one episode for each seed.

    Each is reset with its seed, so it is the same whatever happened in the ones before it.

    Args:
        policy: acts as it does at environment step 0. It is reset at every episode's beginning.
        env: not closed. What it gives is checked as in training, and seen as it was seen there.
        seeds: of the episodes.
        max_episode_steps: environment steps after which an episode is left, although it has not ended.

    Yields:
        The episode that is being played, the same object while it lasts: at its reset and after every step.
    """
    env = checked(env)
    for seed in seeds:
        obs, _ = env.reset(seed=seed)
        policy.reset((0,))
        episode = Episode()
        yield episode
        while not episode.ended and episode.steps < max_episode_steps:
            action = policy.act(trees.one_row(obs), 0).item()
            obs, reward, terminated, truncated, _ = env.step(action)
            episode.steps += 1
            episode.episode_return += float(reward)
            episode.ended = terminated or truncated
            yield episode
