"""Minari's offline episodes, from and to a buffer; needs the package minari.

An episode is a segment. If a segment's beginning was evicted, the episode begins with the oldest step held.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dqn_fast import trees
from dqn_fast.replay import ReplayBuffer

if TYPE_CHECKING:
    import minari


def from_minari(
    dataset: minari.MinariDataset, buffer: ReplayBuffer, *, env: int | None = None, clip_rewards: bool = False
) -> int:
    """Add all episodes of a dataset to a buffer; return the number of transitions.

    Args:
        dataset: its observations are arrays, or nested dicts of arrays.
        buffer: takes the episodes.
        env: which environment of the buffer to add to; None if it has one.
        clip_rewards: clip each reward to [-1, 1].

    Raises:
        TypeError: if values are of another kind than the buffer's.
        ValueError: if a shape differs, or `env` is missing.
    """
    added = 0
    for episode in dataset.iterate_episodes():
        steps = len(episode.rewards)
        if steps == 0:
            continue
        reward = np.asarray(episode.rewards, np.float32)
        if clip_rewards:
            reward = reward.clip(-1, 1)
        arguments = (episode.actions, reward, episode.terminations, episode.truncations)
        for first, last in ((0, 1), (1, steps)):  # the first step begins a segment, whatever its obs equals
            if first < last:
                action, rewards, terminated, truncated = (value[first:last] for value in arguments)
                buffer.extend(
                    _rows(episode.observations, first, last),
                    action,
                    rewards,
                    _rows(episode.observations, first + 1, last + 1),
                    terminated,
                    truncated,
                    consecutive=first > 0,
                    env=env,
                )
        added += steps
    return added


def to_minari(buffer: ReplayBuffer, dataset_id: str, **options: Any) -> minari.MinariDataset:
    """Write all transitions of a buffer to a new Minari dataset, one episode per segment.

    Args:
        buffer: holds the transitions.
        dataset_id: name of the dataset, such as "cartpole/mine-v0".
        **options: further arguments of `minari.create_dataset_from_buffers`, such as `env` or the spaces.

    Raises:
        ValueError: if the buffer is empty, or Minari refuses the data.
    """
    import minari
    from minari.data_collector import EpisodeBuffer

    batch = buffer.transitions(n_step=1)
    if len(batch.indices) == 0:
        raise ValueError("buffer: got an empty one, expected at least one transition")
    ends = np.flatnonzero(_ends(batch, buffer)) + 1
    episodes = []
    for number, (first, last) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
        truncated = batch.truncated[first:last].copy()
        truncated[-1] |= not batch.terminated[last - 1]  # to Minari, a break in the data is a truncation
        episodes.append(
            EpisodeBuffer(
                id=number,
                observations=_joined(batch.obs, batch.next_obs, int(first), int(last)),
                actions=batch.action[first:last],
                rewards=batch.reward[first:last].tolist(),
                terminations=batch.terminated[first:last].tolist(),
                truncations=truncated.tolist(),
            )
        )
    return minari.create_dataset_from_buffers(dataset_id, episodes, **options)


def _ends(batch: Any, buffer: ReplayBuffer) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return whether each row is its segment's last: there two steps reach no further than one."""
    one, two = (buffer.transitions(batch.indices, n_step=n_step, gamma=0.5) for n_step in (1, 2))
    result: np.ndarray[Any, np.dtype[np.bool_]] = one.discount == two.discount
    return result


def _rows(observations: Any, first: int, last: int) -> Any:
    return trees.map(lambda rows: rows[first:last], observations)


def _joined(obs: Any, next_obs: Any, first: int, last: int) -> Any:
    return trees.map(
        lambda before, after: np.concatenate([before[first:last], after[last - 1 : last]]), obs, next_obs
    )
