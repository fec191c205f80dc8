"""A mistake of a user's environment is one line that says who, when, what, and what was expected."""

from __future__ import annotations

import re
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
from envs.odd_training import AT, GOT, OLD, train
from gymnasium import spaces

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
        r" .*; ignore_observation=\['mission'\] leaves it out",
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


@pytest.mark.parametrize("vectorization", ["", "--num-envs 2 --vectorization async"], ids=["one", "async"])
@pytest.mark.parametrize("name", TABLE)
def test_one_line(name: str, vectorization: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    env, options, line = TABLE[name]
    with registered(env):
        assert train(tmp_path, f"{env.__name__}-v0", f"{options} {vectorization}") == 2
    # Before the line there may be that of the preset, and what the progress bar has shown.
    before = r"dqn-fast: .* with the default settings.*\n(0/60 steps.*\n)?"
    assert re.fullmatch(rf"({before})?dqn-fast: ({line}).*\n", capsys.readouterr().err)
