"""The rows that a buffer can draw, as a set to compare with SB3's own buffer, the oracle."""

from __future__ import annotations

from typing import Any
from unittest import mock

import numpy as np
import torch
from stable_baselines3.common import buffers

from dqn_fast.dropin.sb3 import ReplayBuffer


def sampled_rows(buffer: buffers.ReplayBuffer, env: Any = None) -> set[bytes]:
    """Return the rows of many draws: so many that a row stays unseen once in e ** 30 times."""
    return rows_of(buffer.sample(30 * buffer.size() * buffer.n_envs, env))


def all_rows(original: buffers.ReplayBuffer, env: Any = None) -> set[bytes]:
    """Return every row of SB3's buffer, which draws the environment of each by `numpy.random.randint`."""
    rows = set()
    for stream in range(original.n_envs):
        with mock.patch("numpy.random.randint", lambda low, high, size, e=stream: np.full(size, e)):
            rows |= rows_of(original._get_samples(np.arange(original.size()), env))
    return rows


def rows_of(samples: Any) -> set[bytes]:
    """Return the bytes of each row, after its dtypes and shapes; the last 8 are reward and discount.

    A discount counts only where the bootstrap does, as SB3's DQN uses it.
    """
    discounts = torch.ones_like(samples.dones) if samples.discounts is None else samples.discounts
    columns = [
        *leaves(samples.observations),
        samples.actions,
        *leaves(samples.next_observations),
        samples.dones,
        samples.rewards,
        (1 - samples.dones) * discounts,
    ]
    kinds = repr([(column.dtype, column.shape[1:]) for column in columns]).encode()
    cells = [column.numpy().reshape(len(column), -1).view(np.uint8) for column in columns]
    return {kinds + row.tobytes() for row in np.concatenate(cells, axis=1)}


def leaves(observations: Any) -> list[torch.Tensor]:
    return list(observations.values()) if isinstance(observations, dict) else [observations]


class WithOriginal(ReplayBuffer):
    """Gives the same steps to SB3's own buffer."""

    original_class = buffers.ReplayBuffer

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        steps = {"n_steps": self.n_steps, "gamma": self.gamma} if self.n_steps > 1 else {}
        self.original = self.original_class(
            self.buffer_size * self.n_envs,
            self.observation_space,
            self.action_space,
            "cpu",
            self.n_envs,
            handle_timeout_termination=self.handle_timeout_termination,
            **steps,
        )

    def add(self, obs: Any, next_obs: Any, *rest: Any) -> None:
        super().add(obs, next_obs, *rest)
        self.original.add(obs, next_obs, *rest)


class WithDictOriginal(WithOriginal):
    original_class = buffers.DictReplayBuffer


class WithNStepOriginal(WithOriginal):
    original_class = buffers.NStepReplayBuffer
