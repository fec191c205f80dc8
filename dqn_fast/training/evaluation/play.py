"""Plays episodes of a policy, step by step, for evaluations and videos."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from dqn_fast import trees
from dqn_fast.agent import Policy, QNetwork, Sampling, Straying, make_policy, without_exploration
from dqn_fast.envs import checked
from dqn_fast.envs.checked import env_name
from dqn_fast.errors import UsageError
from dqn_fast.observation_keys import FIGURES


class Episode:
    """An episode so far; it changes while the episode is played.

    Attributes:
        steps: environment steps made.
        episode_return: undiscounted return so far.
        unchanged: latest steps in a row after which the observation was the same as before.
        ended: whether it has terminated or was truncated by the environment.
        figures: what the environment reports at the end in `info["figures"]`, by name, such as a success.
    """

    __slots__ = ("ended", "episode_return", "figures", "steps", "unchanged")

    def __init__(self) -> None:
        self.steps = 0
        self.episode_return = 0.0
        self.unchanged = 0
        self.ended = False
        self.figures: dict[str, float] = {}


def greedy_policy(q_net: QNetwork) -> Policy:
    """Return the policy of a network that does not explore; see `without_exploration`."""
    return make_policy(q_net, without_exploration(q_net))


def play(
    policy: Policy, env: gym.Env[Any, Any], seeds: Iterable[int], max_episode_steps: float = math.inf
) -> Iterator[Episode]:
    """Play one episode for each seed.

    Each is reset with its seed, so it is the same whatever happened in the ones before it. If the environment
    lists its starts, as options of `reset` in `metadata["starts"]`, the seed also picks one of them: as many
    seeds in a row as there are starts play each of them once.

    Args:
        policy: to play, at environment step 0. It is reset at the beginning of every episode.
        env: to play in, checked as in training; not closed.
        seeds: of the episodes.
        max_episode_steps: environment steps after which an unfinished episode is left.

    Yields:
        The current episode, at its reset and after every step; the same object while it lasts.
    """
    env = checked(env)
    starts: Sequence[dict[str, Any] | None] = env.metadata.get("starts") or (None,)
    for seed in seeds:
        obs, _ = env.reset(seed=seed, options=starts[seed % len(starts)])
        policy.reset((0,))
        if isinstance(sampling := getattr(policy, "exploration", None), Sampling | Straying):
            sampling.reseed(seed)  # what it draws is this episode's own, too
        episode = Episode()
        yield episode
        while not episode.ended and episode.steps < max_episode_steps:
            action = policy.act(trees.one_row(obs), 0).item()
            before = obs
            obs, reward, terminated, truncated, info = env.step(action)
            policy.observe(np.array([reward], np.float64))
            episode.steps += 1
            episode.unchanged = episode.unchanged + 1 if _equal(before, obs) else 0
            episode.episode_return += float(reward)
            episode.ended = terminated or truncated
            if episode.ended:
                episode.figures = _figures(env, info)
            yield episode


def _equal(one: Any, other: Any) -> bool:
    pairs = zip(trees.leaves(one), trees.leaves(other), strict=True)
    return all(np.array_equal(leaf, another) for leaf, another in pairs)


def _figures(env: gym.Env[Any, Any], info: Mapping[str, Any]) -> dict[str, float]:
    found = info.get(FIGURES, {})
    try:
        return {str(name): float(value) for name, value in found.items()}
    except (AttributeError, TypeError, ValueError) as error:
        raise UsageError(
            f"{env_name(env)}: info[{FIGURES!r}]: got {found!r}, expected numbers by name"
        ) from error
