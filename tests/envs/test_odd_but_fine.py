"""Odd values that can be converted are, and look the same everywhere."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from envs.kinds import registered
from envs.odd import Ended, Masked, Pair, Pixels, Ranged, Rewarded, Tuples, kind
from envs.odd_training import train
from gymnasium import spaces

from dqn_fast import trees
from dqn_fast.envs import make_env, make_environments
from dqn_fast.training import TrainConfig, build_env, evaluate_run
from dqn_fast.training.evaluation.play import play

# An odd environment that is fine, and what its observations are.
FINE: dict[str, tuple[type[Any], Any]] = {
    "double": (kind("X", BAD=np.full(3, 0.1)), np.full(3, 0.1, np.float32)),
    "list": (kind("X", BAD=[1, 0, True]), np.array([1, 0, 1], np.float32)),
    "outside": (kind("X", BAD=np.full(3, 7, np.float32)), np.full(3, 7, np.float32)),
    "whole": (kind("X", Pixels, BAD=np.array([0.0, 255.0, 7.0])), np.array([0, 255, 7], np.uint8)),
    "wider": (kind("X", Pixels, BAD=[0, 255, 7]), np.array([0, 255, 7], np.uint8)),
    "in an array": (kind("X", Ranged, BAD=np.array(2, np.uint8)), np.int64(2)),
    "float": (kind("X", Ranged, BAD=3.0), np.int64(3)),
    "parts": (
        kind("X", Pair, BAD={"b": [0.1, 0], "a": np.int8(2)}),
        {"a": np.int64(2), "b": np.array([0.1, 0], np.float32)},
    ),
    "zeros and ones": (
        kind("X", observation_space=spaces.Box(0, 1, (3,), np.bool_), GOOD=np.ones(3, bool), BAD=[0, 1, 1.0]),
        np.array([False, True, True]),
    ),
    "tuples": (Tuples, {"0": np.int64(2), "1": {"in": {"0": np.full(2, 0.5, np.float32)}}}),
}


def typed(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: typed(part) for key, part in tree.items()}
    return str(np.asarray(tree).dtype), np.asarray(tree).tolist()


class Watching:
    """A policy that remembers what it sees."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def reset(self, rows: Any) -> None:
        pass

    def observe(self, reward: Any) -> None:
        pass

    def act(self, obs: Any, step: int) -> Any:
        self.seen.append(typed(obs))
        return np.zeros(1, np.int64)


@pytest.mark.parametrize("name", FINE)
def test_training_and_evaluation_see_the_same(name: str) -> None:
    """To the type: in this process, in others, in an environment for films, and in one without a door."""
    env, expected = FINE[name]
    seen = []
    with registered(env):
        env_id, still = f"{env.__name__}-v0", np.zeros(1, np.int64)
        for vectorization in ("sync", "async"):
            many = make_environments(env_id, 1, 0, vectorization=vectorization)  # type: ignore[arg-type]
            first = typed(many.reset())
            seen.append([first, *(typed(many.step(still).obs) for _ in range(4))])
            many.close()
        for alone in (make_env(env_id), env()):
            policy = Watching()
            list(play(policy, alone, [0]))  # type: ignore[arg-type]
            seen.append(policy.seen)
    assert all(one == seen[0] for one in seen)

    assert seen[0][3] == seen[0][4] == typed(trees.one_row(expected))


@pytest.mark.parametrize("number", [np.array([1.0]), np.float32(1), 1, True, np.array(1)])
def test_one_number_is_a_reward(number: Any) -> None:
    env = kind("X", Rewarded, BAD=number)
    with registered(env), closing(make_environments("X-v0", 1, 0)) as environments:
        environments.reset()
        assert [environments.step(np.zeros(1, int)).reward.tolist() for _ in range(4)] == [[1.0]] * 4
        alone = list(play(Watching(), make_env("X-v0"), [0]))[-1]  # type: ignore[arg-type]
    assert (alone.episode_return, type(alone.episode_return)) == (5.0, float)


@pytest.mark.parametrize("flag", [np.True_, 1, np.array([True])])
def test_one_flag_is_an_end(flag: Any) -> None:
    env = kind("X", Ended, BAD=flag)
    with registered(env), closing(make_environments("X-v0", 2, 0)) as environments:
        environments.reset()
        ends = [environments.step(np.zeros(2, int)).terminated.tolist() for _ in range(4)]
    assert ends == [[False] * 2, [False] * 2, [True] * 2, [False] * 2]


@pytest.mark.parametrize("last", [None, "no info"])
@pytest.mark.parametrize("vectorization", ["sync", "async"])
def test_behind_an_end_all_is_legal(last: Any, vectorization: Any) -> None:
    class X(Masked):
        FROM = 5

        def _info(self) -> Any:
            return None if last == "no info" and self.now == 5 else super()._info()

    with registered(X):
        many = make_environments("X-v0", 1, 0, vectorization=vectorization, action_mask=True)
        first = many.reset()["action_mask"].tolist()
        steps = [many.step(np.zeros(1, int)) for _ in range(6)]
        many.close()
    assert first == [[1, 0]]
    assert [step.next_obs["action_mask"].tolist() for step in steps] == [[[1, 0]]] * 4 + [[[1, 1]], [[1, 0]]]
    assert [step.obs["action_mask"].tolist() for step in steps] == [[[1, 0]]] * 6


@pytest.mark.parametrize("mask", [[True, False], np.array([1.0, 0.0]), np.array([1, 0])])
def test_masks_of_other_types(mask: Any) -> None:
    with registered(kind("X", Masked, GOOD_MASK=mask, FROM=9)):
        env = make_env("X-v0", action_mask=True)
        assert typed(env.reset()[0]["action_mask"]) == ("int8", [1, 0])


def test_black_jack_is_trained_and_evaluated(tmp_path: Path) -> None:
    """Its observations are tuples of three numbers, and it is in Gymnasium's own tutorial."""
    assert train(tmp_path, "Blackjack-v1") == 0
    assert evaluate_run(tmp_path / "run") is not None
    env = build_env(TrainConfig("Blackjack-v1"))
    assert env.observation_space == spaces.Dict(
        {"0": spaces.Discrete(32), "1": spaces.Discrete(11), "2": spaces.Discrete(2)}
    )
    assert sorted(env.reset(seed=0)[0]) == ["0", "1", "2"]
