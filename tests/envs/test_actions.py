"""Actions count from zero for the agent, and reach the environment in its own count and type."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import numpy as np
import pytest
from envs.kinds import Shifted, registered
from gymnasium import spaces

from dqn_fast.envs import make_env, make_environments


class Narrow(Shifted):
    """Its actions are bytes, from 1 on."""

    action_space = spaces.Discrete(3, start=1, dtype=np.uint8)  # type: ignore[assignment]

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        assert self.action_space.contains(action)
        return np.int64(0), float(action), False, False, {}


class Signed(Narrow):
    action_space = spaces.Discrete(3, dtype=np.int32)  # type: ignore[assignment]


@pytest.fixture(autouse=True)
def registered_here() -> Iterator[None]:
    with registered(Shifted, Narrow, Signed):
        yield


def test_actions_are_counted_from_zero() -> None:
    env = make_env("Shifted-v0")
    assert env.action_space == spaces.Discrete(2)
    env.reset()
    assert [env.step(action)[1] for action in (0, 1)] == [5, 6]
    environments = make_environments("Shifted-v0", 2, 0)
    environments.reset()
    assert environments.step(np.array([0, 1])).reward.tolist() == [5, 6]


@pytest.mark.parametrize(("env_id", "start"), [("Narrow-v0", 1), ("Signed-v0", 0)])
@pytest.mark.parametrize("vectorization", ["sync", "async"])
def test_actions_come_in_the_type_of_their_space(env_id: str, start: int, vectorization: Any) -> None:
    with closing(make_environments(env_id, 3, 0, vectorization=vectorization)) as environments:
        assert environments.action_space == spaces.Discrete(3)
        environments.reset()
        assert environments.step(np.arange(3)).reward.tolist() == [start, start + 1, start + 2]
