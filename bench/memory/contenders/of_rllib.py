"""RLlib's episode buffer, as DreamerV3 draws sequences from it.

- `EpisodeReplayBuffer` only: RLlib's prioritised one draws single transitions, whatever `batch_length_T` is.
- A row that reaches an episode's end goes on with the beginning of another one, and says so by `is_first`.
- A row has one step more than a sequence, because RLlib gives a step's reward with the observation after it.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from ray.rllib.utils.replay_buffers.episode_replay_buffer import EpisodeReplayBuffer
from rivals import Memory
from transitions import Array, Transitions
from workloads import Workload


class Sequences(Memory):
    """Keeps a Python object for each episode."""

    joins_episodes: ClassVar = True

    def __init__(self, workload: Workload) -> None:
        self.columns = workload.steps + 1
        self.buffer = EpisodeReplayBuffer(2 * workload.size)  # so that no episode is dropped

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """Add one episode after another."""
        first = 0
        for last in np.flatnonzero(transitions.terminated | transitions.truncated):
            rows = transitions[first : last + 1]
            episode = SingleAgentEpisode(
                observations=[*rows.obs[:], rows.next_obs[-1]],
                actions=list(rows.action),
                rewards=list(rows.reward),
                infos=[{}] * (len(rows) + 1),
                terminated=bool(rows.terminated[-1]),
                truncated=bool(rows.truncated[-1]),
                len_lookback_buffer=0,
            )
            episode.to_numpy()
            self.buffer.add(episode)
            first = last + 1

    def sample(self, batch_size: int) -> Any:
        """Return a dict of arrays of shape (B, T + 1, ...)."""
        return self.buffer.sample(batch_size_B=batch_size, batch_length_T=self.columns)

    def arrays(self, batch: Any) -> dict[str, Array]:
        """Return the transitions of each part of a row that is of one episode, one run behind another."""
        goes_on = ~batch["is_first"][
            :, 1:
        ]  # whether a column's observation follows on that of the one before
        is_first = np.concatenate([goes_on[:, :1], goes_on[:, 1:] & ~goes_on[:, :-1]], axis=1)[goes_on]
        parts = {
            "obs": batch["obs"][:, :-1],
            "action": batch["actions"][:, :-1],
            "reward": batch["rewards"][:, 1:],
            "next_obs": batch["obs"][:, 1:],
            "terminated": batch["is_terminated"][:, 1:],
            "truncated": batch["is_truncated"][:, 1:],
        }
        is_first[np.cumsum(goes_on.sum(axis=1))[:-1]] = True
        offsets = np.append(np.flatnonzero(is_first), len(is_first))
        return {**{name: array[goes_on] for name, array in parts.items()}, "offsets": offsets}
