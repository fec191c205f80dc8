"""From RLlib's episodes to rows of a memory."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from ray.rllib.utils.spaces.space_utils import batch

from dqn_fast import trees


class Fragment(NamedTuple):
    """Consecutive steps of one episode: T of them, and T + 1 observations.

    Attributes:
        obs: (T + 1, ...).
        action: (T, ...).
        reward: float (T,).
        terminated: bool (T,).
        truncated: bool (T,).
    """

    obs: Any
    action: Any
    reward: Any
    terminated: Any
    truncated: Any

    @classmethod
    def of(cls, episode: SingleAgentEpisode) -> Fragment:
        """Return the steps of an episode, without what it looks back on."""
        length = len(episode)
        ends = np.zeros((2, length), np.bool_)
        ends[:, -1] = episode.is_terminated, episode.is_truncated
        return cls(
            _stacked(episode.get_observations(slice(0, length + 1))),
            _stacked(episode.get_actions(slice(0, length))),
            np.asarray(episode.get_rewards(slice(0, length)), np.float64),
            *ends,
        )

    def rows(self, begin: int, end: int | None) -> tuple[Any, ...]:
        """Return steps as `ReplayBuffer.extend` takes them.

        Args:
            begin: the first.
            end: behind the last; None: all that follow.
        """
        own = slice(begin, end)
        after = slice(begin + 1, None if end is None else end + 1)
        before = slice(begin, -1 if end is None else end)
        return (
            trees.map(lambda leaf: leaf[before], self.obs),
            trees.map(lambda leaf: leaf[own], self.action),
            self.reward[own],
            trees.map(lambda leaf: leaf[after], self.obs),
            self.terminated[own],
            self.truncated[own],
        )


def _stacked(items: Any) -> Any:
    """Return arrays of what an episode returns: a list of items, or arrays already if it was `to_numpy`."""
    return batch(items) if isinstance(items, list) else items
