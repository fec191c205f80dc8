"""From and to Minari datasets (offline episodes); needs the package minari.

Episodes are segments: one whose beginning was evicted is exported from where it is held.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dqn_fast import trees
from dqn_fast.replay import ReplayBuffer

if TYPE_CHECKING:
    import minari


def from_minari(dataset: minari.MinariDataset, buffer: ReplayBuffer, *, env: int | None = None) -> int:
    """Adds all episodes of a dataset to a buffer; returns how many transitions that were.

    Args:
        dataset: with observations of one array, or nested dicts of arrays.
        buffer: of one environment, or one of whose environments is named by `env`.
        env: the environment that the episodes are added to.

    Raises:
        TypeError: if the data is of another kind than the buffer's.
        ValueError: if a shape differs.
    """
    added = 0
    for episode in dataset.iterate_episodes():
        steps = len(episode.rewards)
        if steps == 0:
            continue
        reward = np.asarray(episode.rewards, np.float32)
        arguments = (episode.actions, reward, episode.terminations, episode.truncations)
        for first, last in ((0, 1), (1, steps)):  # the first step begins a segment, whatever it equals
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
    """Writes all transitions that are held as a Minari dataset, an episode for each segment.

    Args:
        buffer: what to write.
        dataset_id: such as "cartpole/mine-v0".
        **options: of `minari.create_dataset_from_buffers`, such as `env` or the spaces.

    Raises:
        ValueError: if nothing is held, or Minari refuses the data.
    """
    import minari
    from minari.data_collector import EpisodeBuffer

    batch = buffer.transitions(n_step=1)
    if len(batch.indices) == 0:
        raise ValueError("to_minari: the buffer is empty; expected a transition in it")
    ends = np.flatnonzero(_ends(batch, buffer)) + 1
    episodes = []
    for number, (first, last) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
        truncated = batch.truncated[first:last].copy()
        truncated[-1] |= not batch.terminated[last - 1]  # a break is cut from outside, too
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
    """Where the next row is no step of the same segment: two steps reach no further than one."""
    one, two = (buffer.transitions(batch.indices, n_step=n_step, gamma=0.5) for n_step in (1, 2))
    result: np.ndarray[Any, np.dtype[np.bool_]] = one.discount == two.discount
    return result


def _rows(observations: Any, first: int, last: int) -> Any:
    return trees.map(lambda rows: rows[first:last], observations)


def _joined(obs: Any, next_obs: Any, first: int, last: int) -> Any:
    return trees.map(
        lambda before, after: np.concatenate([before[first:last], after[last - 1 : last]]), obs, next_obs
    )
