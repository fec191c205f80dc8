"""Figures of a buffer that no other test needs: how old its transitions are."""

from __future__ import annotations

import numpy as np
import pytest
from replay.support.building import add

from dqn_fast import ReplayBuffer


@pytest.mark.parametrize("episode", [1, 10, 1_000])
def test_ages_count_transitions_not_what_lies_between_them(episode: int) -> None:
    buffer = ReplayBuffer(100, seed=0)
    for step in range(250):
        place = step + 1_000 * (step // episode)
        add(buffer, place, place + 1)
    assert (buffer.stats()["age_max"], buffer.stats()["age_mean"]) == (99, 49.5)


def test_ages_are_those_of_each_environment() -> None:
    buffer = ReplayBuffer(20, num_envs=2, seed=0)
    for step in range(6):
        obs = np.full((2, 1), step, np.float32)
        buffer.add(obs, [0, 0], [0.0, 0.0], obs + 1, [False] * 2, mask=np.array([True, step < 3]))
    assert (buffer.stats()["age_max"], buffer.stats()["age_mean"]) == (5, (15 + 3) / 9)
