"""Random steps in the form in which CleanRL's scripts add them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium import spaces

from dqn_fast.dropin.cleanrl import ReplayBufferSamples

BOX = spaces.Box(-9, 9, (3,), np.float32)
SPACES = [
    (BOX, spaces.Discrete(3)),
    (spaces.Discrete(50), spaces.Discrete(3)),
    (spaces.Box(0, 255, (4, 6, 5), np.uint8), spaces.MultiDiscrete([2, 3])),
    (spaces.MultiBinary(4), spaces.Box(-1, 1, (2,), np.float64)),
]


class Infos(dict[str, Any]):
    """Gymnasium's infos, which are a dict and not a list."""

    def __iter__(self) -> Any:
        raise AssertionError("infos were iterated")


def steps(observations: Any, actions: Any, envs: int, count: int, seed: int) -> Any:
    """Steps of some environments, numbered by their rewards."""
    for space in (observations, actions):
        space.seed(seed)
    rng = np.random.default_rng(seed)
    obs = np.stack([observations.sample() for _ in range(envs)])
    for number in range(count):
        next_obs = np.stack([observations.sample() for _ in range(envs)])
        action = np.stack([actions.sample() for _ in range(envs)])
        done = rng.random(envs) < 0.2
        yield obs, next_obs, action, number * envs + np.arange(envs, dtype=np.float64), done
        obs = np.stack([observations.sample() for _ in range(envs)]) if done.all() else next_obs


def assert_rows_were_added(data: ReplayBufferSamples, added: list[Any], oldest: int) -> None:
    envs = len(added[0][0])
    for row, number in enumerate(data.rewards[:, 0].to(torch.int64).tolist()):
        obs, next_obs, action, _, done = (column[number % envs] for column in added[number // envs])
        assert number // envs >= oldest
        assert np.array_equal(data.observations[row].numpy(), obs.reshape(data.observations.shape[1:]))
        assert np.array_equal(
            data.next_observations[row].numpy(), next_obs.reshape(data.observations.shape[1:])
        )
        assert np.allclose(data.actions[row].numpy(), action.reshape(-1))
        assert bool(data.dones[row, 0]) == done
