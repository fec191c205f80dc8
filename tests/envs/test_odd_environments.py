"""What a person's environment does wrong is one line that says who, when, what and what was expected.

Longer than most: the environments of the table stand beside it, so that each line is read with what it says.
"""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from envs.kinds import registered
from envs.odd import (
    Ended,
    FourValues,
    Masked,
    Mission,
    NoInfo,
    NoOptions,
    NoSeed,
    NoSpaces,
    Odd,
    OwnOldWrapper,
    OwnWrapper,
    Pair,
    Pixels,
    Ranged,
    Rewarded,
    Three,
    Tuples,
    kind,
)
from gymnasium import spaces

from dqn_fast import trees
from dqn_fast.cli import main
from dqn_fast.envs import make_env, make_environments
from dqn_fast.training import TrainConfig, build_env, evaluate_run
from dqn_fast.training.evaluation.play import play

SHORT = (
    "--total-steps 60 --learning-starts 20 --hidden-sizes 8 --eval-episodes 2 --selection-period 0 --no-video"
)
OLD = r"the API before Gymnasium 0\.26: wrap the environment, by shimmy's"
AT = "X-v0, step 3 of an episode: "
GOT = AT + "observation: got "

# Environment, further options, and the line: of training, in this process and in others.
TABLE: dict[str, tuple[type[Any], str, str]] = {
    "fraction": (
        kind("X", Pixels, BAD=np.array([0, 0.7, 0])),
        "",
        GOT
        + r"array\(\[0\. , 0\.7, 0\. \]\), expected values that fit uint8, as of Box\(0, 255, \(3,\), uint",
    ),
    "negative": (
        kind("X", Pixels, BAD=np.array([0, -1, 0])),
        "",
        GOT + r"array\(\[ 0, -1, 0\]\), expected values that fit uint8",
    ),
    "wrap": (
        kind("X", Pixels, BAD=np.array([0, 300, 0])),
        "",
        GOT + r"array\(\[ 0, 300, 0\]\), expected values that fit uint8",
    ),
    "not a number": (
        kind("X", Pixels, BAD=np.full(3, np.nan)),
        "",
        GOT + r"array\(\[nan, nan, nan\]\), expected values that fit uint8",
    ),
    "overflow": (
        kind("X", BAD=np.full(3, 1e300)),
        "",
        GOT + r"array.*1\.e\+300.*, expected values that fit float32",
    ),
    "rounded": (
        kind("X", BAD=np.full(3, 2**24 + 1)),
        "",
        GOT + r"array.*16777217.*, expected values that fit float32",
    ),
    "one number": (
        kind("X", BAD=np.zeros(1, np.float32)),
        "",
        GOT + r"shape \(1,\), expected \(3,\), as of Box\(-1\.0, 1\.0, \(3,\), float32\)",
    ),
    "a number": (kind("X", BAD=0.5), "", GOT + r"shape \(\), expected \(3,\), as of Box"),
    "at the reset": (
        kind("X", BAD=0.5, FROM=0),
        "",
        r"X-v0, at its reset: observation: got shape \(\), expected \(3,\), as of Box",
    ),
    "at the end": (
        kind("X", BAD=0.5, FROM=5),
        "",
        r"X-v0, step 5 of an episode: observation: got shape \(\), expected \(3,\), as of Box",
    ),
    "none": (
        Odd,
        "",
        r"Odd-v0, step 3 of an episode: observation: got None, expected Box\(-1\.0, 1\.0, \(3,\), float32\)",
    ),
    "text": (kind("X", BAD="abc"), "", GOT + r"'abc', expected Box"),
    "ragged": (kind("X", BAD=[1, [2, 3]]), "", GOT + r"\[1, \[2, 3\]\], expected Box"),
    "complex": (kind("X", BAD=np.full(3, 1j)), "", GOT + r"array.*1\.j.*, expected Box"),
    "rescaled": (
        kind("X", BAD=np.zeros(1, np.float32)),
        "--rescale",
        GOT + r"shape \(1,\), expected \(3,\), as of Box",
    ),
    "out of range": (kind("X", Ranged, BAD=4), "", GOT + r"4, expected values of Discrete\(4\)"),
    "below the range": (
        kind("X", Ranged, BAD=np.int64(-1)),
        "",
        GOT + r"(np\.int64\()?-1\)?, expected values of Discrete\(4\)",
    ),
    "in an array": (
        kind("X", Ranged, BAD=np.array([1])),
        "",
        GOT + r"shape \(1,\), expected \(\), as of Discrete\(4\)",
    ),
    "half": (
        kind("X", Ranged, BAD=1.5),
        "",
        GOT + r"array\(1\.5\), expected values that fit int64, as of Discrete\(4\)",
    ),
    "multi": (
        kind(
            "X", observation_space=spaces.MultiDiscrete([2, 3]), GOOD=np.zeros(2, int), BAD=np.array([0, 3])
        ),
        "",
        GOT + r"array\(\[0, 3\]\), expected values of MultiDiscrete\(\[2 3\]\)",
    ),
    "missing key": (kind("X", Pair, BAD={"a": 0}), "", GOT + r"the keys \['a'\], expected \['a', 'b'\]"),
    "another key": (
        kind("X", Pair, BAD={**Pair.GOOD, "c": 0}),
        "",
        GOT + r"the keys \['a', 'b', 'c'\], expected \['a', 'b'\]",
    ),
    "no dict": (
        kind("X", Pair, BAD=np.zeros(2)),
        "",
        GOT + r"array\(\[0\., 0\.\]\), expected a dict with the keys \['a', 'b'\]",
    ),
    "part": (
        kind("X", Pair, BAD={"a": 3, "b": np.zeros(2)}),
        "",
        AT + r"observation\['a'\]: got 3, expected values of Discrete\(3\)",
    ),
    "short tuple": (kind("X", Tuples, BAD=(2,)), "", GOT + r"\(2,\), expected a tuple of 2"),
    "in a tuple": (
        kind("X", Tuples, BAD=(7, Tuples.GOOD[1])),
        "",
        AT + r"observation\[0\]: got 7, expected values of Discrete\(3\)",
    ),
    "reward of none": (
        Rewarded,
        "",
        r"Rewarded-v0, step 3 of an episode: reward: got None, expected a number",
    ),
    "reward of text": (kind("X", Rewarded, BAD="1.0"), "", AT + r"reward: got '1\.0', expected a number"),
    "rewards": (
        kind("X", Rewarded, BAD=np.zeros(2)),
        "",
        AT + r"reward: got array\(\[0\., 0\.\]\), expected a number",
    ),
    "end of none": (Ended, "", r"Ended-v0, step 3 of an episode: terminated: got None, expected a bool"),
    "end of info": (kind("X", Ended, BAD={"a": 1}), "", AT + r"terminated: got \{'a': 1\}, expected a bool"),
    "mask of one": (
        kind("X", Masked, BAD=[1]),
        "--action-mask",
        r"X-v0: info\['action_mask'\]: got shape \(1,\), expected \(2,\), as of MultiBinary\(2\)",
    ),
    "mask that wraps": (
        kind("X", Masked, BAD=np.array([1, 256])),
        "--action-mask",
        r"X-v0: info\['action_mask'\]: got array\(\[ 1, 256\]\), expected values that fit int8",
    ),
    "no mask": (
        Masked,
        "--action-mask",
        r"Masked-v0: info\['action_mask'\]: got none beside the keys \['action_mask'\], expected a mask",
    ),
    "no mask at the reset": (
        kind("X", Masked, FROM=0),
        "--action-mask",
        r"X-v0(?: does not fit: X-v0)?: info\['action_mask'\]: got none",
    ),
    "four values": (
        FourValues,
        "",
        rf"FourValues-v0, step 1 of an episode: step: got four values, expected .*: this is {OLD}",
    ),
    "no info": (NoInfo, "", rf"NoInfo-v0, at its reset: reset: got array.*, expected .*: this is {OLD}"),
    "no seed": (
        NoSeed,
        "",
        rf"NoSeed-v0, at its reset: reset: got no argument seed, expected .*: this is {OLD}",
    ),
    "own wrapper": (
        OwnWrapper,
        "",
        rf"OwnWrapper-v0, step 1 of an episode: step: got four values, expected .*: this is {OLD}",
    ),
    "own wrapper, no seed": (
        type("X", (OwnWrapper,), {"inner": NoSeed}),
        "",
        rf"X-v0, at its reset: reset: got no argument seed, expected .*: this is {OLD}",
    ),
    "own old wrapper": (OwnOldWrapper, "", rf"OwnOldWrapper-v0, at its reset: reset: got .*: this is {OLD}"),
    "no options": (
        NoOptions,
        "",
        rf"NoOptions-v0, at its reset: reset: got no argument options, expected .*: this is {OLD}",
    ),
    "three values": (
        Three,
        "",
        r"Three-v0, step 1 of an episode: step: got something else, expected \(observation, .*\): not enough",
    ),
    "no space": (
        NoSpaces,
        "",
        r"NoSpaces-v0 does not fit: observation_space: got None, expected a space of Gymnasium",
    ),
    "text in a dict": (
        Mission,
        "",
        r"Mission-v0 does not fit: observation_space\['mission'\]: got Text.*, expected"
        r" .*FilterObservation\(env, \['direction', 'image'\]\)",
    ),
    "many values": (
        kind("X", Ranged, observation_space=spaces.Discrete(10**7), BAD=0),
        "--hidden-sizes 64",
        r"X-v0 does not fit: observation_space: got 10,000,000 features, of which 10,000,000 are"
        r" one-hot columns; the first layer would take 2,560,000,000 bytes, expected at most",
    ),
    "large": (
        kind("X", observation_space=spaces.Box(-1, 1, (5 * 10**6,), np.float32)),
        "--hidden-sizes 64",
        r"X-v0 does not fit: observation_space: got 5,000,000 features, .* 1,280,000,000 bytes",
    ),
}


def train(folder: Path, env_id: str, options: str) -> int:
    return main(["train", env_id, *SHORT.split(), "--output", str(folder / "run"), *options.split()])


@pytest.mark.parametrize("vectorization", ["", "--num-envs 2 --vectorization async"], ids=["one", "async"])
@pytest.mark.parametrize("name", TABLE)
def test_one_line(name: str, vectorization: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    env, options, line = TABLE[name]
    with registered(env):
        assert train(tmp_path, f"{env.__name__}-v0", f"{options} {vectorization}") == 2
    # Beside the line there is what the progress bar has shown.
    assert re.fullmatch(rf"(0/60 steps.*\n)?dqn-fast: ({line}).*\n", capsys.readouterr().err)


@pytest.mark.parametrize("command", ["evaluate", "resume"])
def test_an_environment_that_turns_odd(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After it was trained in."""
    fine, odd = kind("X", BAD=Odd.GOOD), kind("X", BAD=np.zeros(1, np.float32))
    with registered(fine):
        assert train(tmp_path, "X-v0", "") == 0
    if command == "resume":
        (tmp_path / "run" / "result.json").unlink()
    capsys.readouterr()
    with registered(odd):
        assert main([command, str(tmp_path / "run")]) == 2
    err = capsys.readouterr().err
    assert re.fullmatch(
        rf"(0/60 steps.*\n)?dqn-fast: {re.escape(GOT.replace('got ', ''))}got shape .*\n", err
    )


@pytest.mark.parametrize(
    "env_id", [":", ":CartPole-v1", "gymnasium:", "a b:CartPole-v1", ".:X-v0", "a:b:X-v0", ""]
)
def test_odd_ids(env_id: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(tmp_path, env_id, "") == 2
    assert re.fullmatch(rf"dqn-fast: .*{re.escape(env_id)}.*\n", capsys.readouterr().err)


class NoEnvironment:
    """Of another package's class, such as gym's."""


def test_classes_of_another_package(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with registered(NoEnvironment):  # type: ignore[arg-type]
        assert train(tmp_path, "NoEnvironment-v0", "") == 2
    assert re.fullmatch(
        rf"dqn-fast: cannot make .*none of gymnasium\.Env.*{OLD}.*\n", capsys.readouterr().err
    )


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
    assert train(tmp_path, "Blackjack-v1", "") == 0
    assert evaluate_run(tmp_path / "run") is not None
    env = build_env(TrainConfig("Blackjack-v1"))
    assert env.observation_space == spaces.Dict(
        {"0": spaces.Discrete(32), "1": spaces.Discrete(11), "2": spaces.Discrete(2)}
    )
    assert sorted(env.reset(seed=0)[0]) == ["0", "1", "2"]
