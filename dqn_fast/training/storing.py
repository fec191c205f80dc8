"""Storing: how the steps of a collector go into a buffer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

import numpy as np

from dqn_fast import ReplayBuffer, trees
from dqn_fast.agent.exploration import Actions
from dqn_fast.envs import Step


class Store(Protocol):
    """Takes one step of all environments of a collector."""

    def __call__(self, obs: Any, action: Actions, after: Step, extras: Mapping[str, Any]) -> None:
        """Store the rows that are transitions.

        Args:
            obs: observations before the step, `(N, ...)` arrays or a dict of them.
            action: `(N,)` int64.
            after: the step.
            extras: further fields to store, by name, `(N, ...)` each.
        """
        ...


def make_store(buffer: ReplayBuffer, num_envs: int, *, clip_rewards: bool = False) -> Store:
    """Return a function that stores steps in a buffer.

    Args:
        buffer: to store in.
        num_envs: number of environments of the buffer.
        clip_rewards: clip each stored reward to [-1, 1] (Mnih et al., 2015), so that one learning rate suits
            games whose scores differ by orders of magnitude.
    """
    store: Store = partial(_store_one if num_envs == 1 else _store_all, buffer)
    return clipped(store) if clip_rewards else store


def clipped(store: Store) -> Store:
    """Return a store with rewards clipped to [-1, 1]."""
    return partial(_store_clipped, store)


def settled(store: Store, settle: Callable[[], None]) -> Store:
    """Return a store that calls `settle` before each step that it stores."""

    def store_when_settled(obs: Any, action: Actions, after: Step, extras: Mapping[str, Any]) -> None:
        settle()
        store(obs, action, after, extras)

    return store_when_settled


def _store_one(
    buffer: ReplayBuffer, obs: Any, action: Actions, after: Step, extras: Mapping[str, Any]
) -> None:
    _, reward, next_obs, terminated, truncated, _, mask = after
    if mask is not None and not mask[0]:
        return  # a reset
    add = partial(buffer.add, **{name: value[0] for name, value in extras.items()}) if extras else buffer.add
    # A correct bootstrap needs the true last observation of an episode, and termination and truncation apart.
    if isinstance(obs, np.ndarray):  # the usual case
        add(obs[0], action[0], reward[0], next_obs[0], terminated[0], truncated[0])
    else:
        first, last = trees.row(obs, 0), trees.row(next_obs, 0)
        add(first, action[0], reward[0], last, terminated[0], truncated[0])


def _store_all(
    buffer: ReplayBuffer, obs: Any, action: Actions, after: Step, extras: Mapping[str, Any]
) -> None:
    _, reward, next_obs, terminated, truncated, _, mask = after
    add = partial(buffer.add, **extras) if extras else buffer.add
    add(obs, action, reward, next_obs, terminated, truncated, mask=mask)


def _store_clipped(store: Store, obs: Any, action: Actions, after: Step, extras: Mapping[str, Any]) -> None:
    store(obs, action, after._replace(reward=np.clip(after.reward, -1, 1)), extras)
