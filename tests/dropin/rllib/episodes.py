"""Random episodes as RLlib's env runners hand them over, and the slow and obvious twin of what they mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ray.rllib.env.single_agent_episode import SingleAgentEpisode


@dataclass
class Whole:
    """An episode as it happened; every observation is of this episode and time step alone."""

    number: int
    length: int
    end: str  # "terminated", "truncated" or "" while it is under way
    rewards: list[float] = field(default_factory=list)

    def obs(self, t: int) -> np.ndarray[Any, Any]:
        return np.array([self.number, t], np.float32)

    def action(self, t: int) -> int:
        return (self.number + t) % 3

    def fragment(self, begin: int, end: int, *, to_numpy: bool, lookback: int = 0) -> SingleAgentEpisode:
        """Return steps `begin` to `end` - 1 as RLlib cuts them, behind up to `lookback` steps before."""
        back = min(lookback, begin)
        ends_here = end == self.length
        episode = SingleAgentEpisode(
            str(self.number),
            observations=[self.obs(t) for t in range(begin - back, end + 1)],
            actions=[self.action(t) for t in range(begin - back, end)],
            rewards=self.rewards[begin - back : end],
            terminated=ends_here and self.end == "terminated",
            truncated=ends_here and self.end == "truncated",
            len_lookback_buffer=back,
            t_started=begin,
        )
        return episode.to_numpy() if to_numpy else episode

    def row(self, t: int, n: int, known: int, gamma: float) -> dict[str, Any]:
        """Return the transition of n steps from t, of an episode of which `known` steps were handed over."""
        k = min(n, known - t)
        ends = t + k == self.length
        terminated = ends and self.end == "terminated"
        return {
            "obs": self.obs(t),
            "actions": self.action(t),
            "rewards": sum(gamma**i * self.rewards[t + i] for i in range(k)),
            "new_obs": self.obs(t + k),
            "terminateds": terminated,
            "truncateds": ends and self.end == "truncated",
            "n_step": n if terminated else k,
        }


def assert_row(columns: dict[str, Any], row: int, expected: dict[str, Any]) -> None:
    for name, value in expected.items():
        np.testing.assert_allclose(columns[name][row], value, rtol=1e-6, err_msg=name)


def random_episodes(rng: np.random.Generator, count: int, longest: int) -> list[Whole]:
    kinds = ["terminated", "truncated", ""]
    lengths = rng.integers(1, longest + 1, count)
    return [
        Whole(number, int(length), kinds[rng.integers(3)], rng.normal(size=length).round(3).tolist())
        for number, length in enumerate(lengths)
    ]


def deliveries(
    rng: np.random.Generator, episodes: list[Whole], at_once: int
) -> list[list[SingleAgentEpisode]]:
    """Return lists of fragments, as several environments make them: each goes on with its own episode."""
    waiting, running, lists = list(episodes), [], []
    while waiting or running:
        while waiting and len(running) < at_once:
            running.append([waiting.pop(0), 0])
        fragments = []
        for one in running:
            whole, begin = one
            end = int(min(begin + rng.integers(0, 5), whole.length))
            fragments.append(
                whole.fragment(begin, end, to_numpy=bool(rng.integers(2)), lookback=int(rng.integers(3)))
            )
            one[1] = end
        # One without an end stops here, as where an env runner died.
        running = [one for one in running if one[1] < one[0].length]
        lists.append(fragments)
    return lists
