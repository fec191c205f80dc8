"""Evaluation: the returns of a policy in a separate environment."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np

from dqn_fast.agent import Policy, QNetwork
from dqn_fast.envs.checked import env_name
from dqn_fast.training.evaluation.play import Episode, greedy_policy, play

#: Default number of environment steps after which an evaluation cuts an episode: an environment may lack a
#: time limit, and a greedy policy may go on forever. 27,000 steps of 4 frames are the 30 minutes of Atari
#: (Machado et al., 2018).
MAX_EPISODE_STEPS = 27_000


_MOST_UNCHANGED = 1_000  # observations in a row that are equal, before a warning


class Evaluation(NamedTuple):
    """Undiscounted returns of a policy.

    Attributes:
        returns: of each episode; for a cut one, up to there.
        cut: number of episodes that were cut, because they were too long.
        steps: environment steps of all episodes; 0 in a checkpoint of version 0.1.0.
        figures: means over the episodes of what the environment reports at their ends, by name.
    """

    returns: list[float]
    cut: int = 0
    steps: int = 0
    figures: Mapping[str, float] = {}

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
        figures = "".join(f", {name} {value:.3g}" for name, value in self.figures.items())
        return f"return {self.mean:.1f} ± {self.std:.1f}{figures} over {episodes}{cut} (ε = 0)"


def evaluate(
    policy: Policy | QNetwork,
    env: gym.Env[Any, Any],
    episodes: int,
    seed: int,
    *,
    max_episode_steps: int = MAX_EPISODE_STEPS,
    should_stop: Callable[[], bool] = lambda: False,
    on_episode: Callable[[int], object] = lambda played: None,
) -> Evaluation | None:
    """Play episodes with a policy that does not explore.

    Episode i is reset with seed + i, so it does not depend on the episodes before it.

    Args:
        policy: to play; a network plays its greedy policy (ε = 0).
        env: to play in; not closed.
        episodes: number of episodes, at least 1.
        seed: of the first episode.
        max_episode_steps: environment steps after which an episode is cut; it counts with its return so far.
        should_stop: called at every reset and after every environment step; True ends the evaluation.
        on_episode: called with the number of episodes that are over, at the beginning of each and at the end.

    Returns:
        The returns, or None if stopped.
    """
    if isinstance(policy, QNetwork):
        policy = greedy_policy(policy)
    played: list[Episode] = []
    for episode in play(policy, env, range(seed, seed + episodes), max_episode_steps):
        if should_stop():
            return None
        if episode.steps == 0:
            played.append(episode)
            on_episode(len(played) - 1)
        if episode.unchanged == _MOST_UNCHANGED:
            warnings.warn(
                f"{env_name(env)}: got {_MOST_UNCHANGED:,} equal observations in a row in an evaluation,"
                " expected a policy that moves on; some Atari games wait for FIRE: --fire-on-reset",
                stacklevel=2,
            )
    on_episode(len(played))
    cut = sum(not episode.ended for episode in played)
    steps = sum(episode.steps for episode in played)
    return Evaluation([episode.episode_return for episode in played], cut, steps, _mean_figures(played))


def _mean_figures(episodes: Sequence[Episode]) -> dict[str, float]:
    """Return the mean of each figure, over the episodes that have it."""
    values: dict[str, list[float]] = {}
    for episode in episodes:
        for name, value in episode.figures.items():
            values.setdefault(name, []).append(value)
    return {name: float(np.mean(of_name)) for name, of_name in values.items()}
