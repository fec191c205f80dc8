"""Our buffer beside RLlib's own: each gets what the other gets, and every row drawn is compared with it."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from ray.rllib.utils import replay_buffers

from dqn_fast.dropin.rllib import PrioritizedEpisodeReplayBuffer


class CheckedEpisodeReplayBuffer(PrioritizedEpisodeReplayBuffer):
    """Ours, which looks up each row in RLlib's episodes; `compared` counts them for all buffers."""

    compared: ClassVar[int] = 0
    updated: ClassVar[int] = 0

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._theirs = replay_buffers.PrioritizedEpisodeReplayBuffer(**options)

    def add(self, episodes: Any, weight: float | None = None) -> None:
        super().add(episodes, weight)
        self._theirs.add(episodes, weight)
        assert len(self) == len(self._theirs)
        assert self.get_num_episodes() == self._theirs.get_num_episodes()

    def sample(self, *args: Any, **options: Any) -> Any:
        sampled = super().sample(*args, **options)
        self._rewards_of = {}
        for row in range(len(sampled)):
            self._compare({name: column[row] for name, column in sampled.columns.items()}, options["gamma"])
        return sampled

    def _compare(self, row: dict[str, Any], gamma: float) -> None:
        for episode in self._theirs.episodes:
            observations = np.asarray(episode.get_observations(slice(0, len(episode) + 1)))
            for t in np.flatnonzero((observations[:-1] == row["obs"]).all(1)):
                end = t + row["n_step"] if not row["terminateds"] else len(episode)
                rewards = np.asarray(episode.get_rewards(slice(int(t), int(end))))
                assert row["actions"] == episode.get_actions(int(t))
                np.testing.assert_array_equal(row["new_obs"], observations[end])
                np.testing.assert_allclose(
                    row["rewards"], rewards @ gamma ** np.arange(len(rewards)), rtol=1e-6
                )
                assert row["terminateds"] == (end == len(episode) and episode.is_terminated)
                assert row["truncateds"] == (end == len(episode) and episode.is_truncated)
                type(self).compared += 1
                return
        raise AssertionError(f"RLlib's buffer has no step of {row['obs']}")

    def update_priorities(self, priorities: Any, module_id: Any = None) -> None:
        drawn = self._drawn
        super().update_priorities(priorities, module_id)
        last = dict(zip(drawn.tolist(), np.asarray(priorities, np.float64), strict=True))
        np.testing.assert_allclose(
            self._memory.masses(np.array(list(last))),
            np.maximum(list(last.values()), 1e-12) ** 0.6,
            rtol=1e-9,
        )
        type(self).updated += 1
