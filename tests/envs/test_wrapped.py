"""A wrapper of a user's own, and parts of observations that are left out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from envs.kinds import Shifted, registered
from gymnasium import spaces
from gymnasium.wrappers import TransformReward

from dqn_fast.envs import make_env, make_environments
from dqn_fast.errors import UsageError

PARTS = {"image": spaces.Box(0, 9, (2,), np.uint8), "mission": spaces.Text(9), "way": spaces.Discrete(4)}


class Mission(Shifted):
    observation_space = spaces.Dict(PARTS)  # type: ignore[assignment]

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        return {"image": np.array([1, 2], np.uint8), "mission": "go", "way": 3}, {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        return self.reset()[0], 1.0, False, False, {}


class TupleMission(Mission):
    observation_space = spaces.Tuple(list(PARTS.values()))  # type: ignore[assignment]

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        return (np.array([1, 2], np.uint8), "go", 3), {}


@pytest.fixture(autouse=True)
def here() -> Iterator[None]:
    with registered(Mission, TupleMission):
        yield


@pytest.mark.parametrize("vectorization", [None, "sync", "async"])
def test_a_part_is_left_out(vectorization: Any) -> None:
    if vectorization is None:
        with closing(make_env("Mission-v0", ignore_observation=("mission",))) as env:
            assert env.observation_space == spaces.Dict({"image": PARTS["image"], "way": PARTS["way"]})
            assert env.reset()[0].keys() == env.step(0)[0].keys() == {"image", "way"}
        return
    options: Any = {"vectorization": vectorization, "ignore_observation": ("mission", "way")}
    with closing(make_environments("Mission-v0", 2, 0, **options)) as environments:
        assert environments.reset()["image"].tolist() == [[1, 2], [1, 2]]
        assert environments.step(np.array([0, 1])).obs.keys() == {"image"}


def test_parts_of_a_tuple_are_numbered() -> None:
    with closing(make_env("TupleMission-v0", ignore_observation=("1",))) as env:
        obs, _ = env.reset()
        assert {key: np.asarray(value).tolist() for key, value in obs.items()} == {"0": [1, 2], "1": 3}


@pytest.mark.parametrize(
    ("env_id", "keys", "got"),
    [
        ("Mission-v0", ("text",), r"text, expected .*the parts \['image', 'mission', 'way'\]"),
        ("Mission-v0", ("image", "mission", "way"), r"image, mission, way, expected some parts .* not all"),
        ("TupleMission-v0", ("3",), r"3, expected .*the parts \['0', '1', '2'\]"),
        ("CartPole-v1", ("x",), r"x, expected .*the environment has Box\("),
    ],
)
def test_others_are_named(env_id: str, keys: tuple[str, ...], got: str) -> None:
    with pytest.raises(UsageError, match=f"^{env_id} does not fit: ignore_observation: got {got}"):
        make_env(env_id, ignore_observation=keys)


def halved(env: gym.Env[Any, Any]) -> gym.Env[Any, Any]:
    return TransformReward(env, lambda reward: float(reward) / 2)


@pytest.mark.parametrize("vectorization", ["sync", "async"])
def test_a_wrapper_is_around_every_environment(vectorization: Any) -> None:
    with closing(make_env("CartPole-v1", wrapper=halved)) as env:
        env.reset()
        assert env.step(0)[1] == 0.5
    with closing(
        make_environments("CartPole-v1", 2, 0, vectorization=vectorization, wrapper=halved)
    ) as environments:
        environments.reset()
        assert environments.step(np.array([0, 1])).reward.tolist() == [0.5, 0.5]


def test_what_it_returns_must_be_an_environment() -> None:
    with pytest.raises(UsageError, match=r"^CartPole-v1 does not fit: wrapper: got NoneType, expected it to"):
        make_env("CartPole-v1", wrapper=lambda env: None)  # type: ignore[arg-type,return-value]
    for option in ({"wrapper": halved}, {"ignore_observation": ("x",)}):
        with pytest.raises(UsageError, match=r"^vectorization: got 'native', expected sync or async with "):
            make_environments("CartPole-v1", 2, 0, vectorization="native", **option)  # type: ignore[arg-type]
