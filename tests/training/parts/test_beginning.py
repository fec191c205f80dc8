"""What a run says before its first step of observations that may be texts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces

from dqn_fast.cli.runs import _say_begin
from dqn_fast.training import TrainConfig
from dqn_fast.training.parts import build_q_net
from dqn_fast.training.parts.beginning import Beginning, doubts_about
from dqn_fast.training.parts.device import Placement

IDS = spaces.Box(0, 30521, (40,), np.int64)
TEXT = {"tokens": IDS, "length": spaces.Discrete(41)}


@pytest.mark.parametrize(
    ("space", "largest"),
    [
        (IDS, ["30,521"]),
        (spaces.Box(-5, 60, (8,), np.int16), ["60"]),
        (
            spaces.Dict({"a": IDS, "b": spaces.Dict({"c": spaces.Box(0, 99, (9,), np.uint16)})}),
            ["30,521", "99"],
        ),
        (spaces.Dict(TEXT), []),
        (spaces.Dict({**TEXT, "more": IDS}), ["30,521"]),
        (spaces.Box(0, 255, (128,), np.uint8), []),  # bytes, such as a game's memory
        (spaces.Box(0, 99, (7,), np.int64), []),  # few
        (spaces.Box(0, 15, (40,), np.int64), []),  # of few kinds
        (spaces.Box(0, 2**63 - 1, (40,), np.int64), []),  # unbounded
        (spaces.Box(0, 99, (40,), np.float32), []),
        (spaces.Box(0, 99, (5, 8), np.int64), []),
        (spaces.MultiDiscrete([99] * 9), []),  # one-hot
    ],
)
def test_long_rows_of_whole_numbers_are_named(space: spaces.Space[Any], largest: list[str]) -> None:
    q_net = build_q_net(TrainConfig("E"), space, spaces.Discrete(2))
    line = "whole numbers to {}, read as magnitudes; tokens: a Dict with the keys tokens and length"
    assert doubts_about(q_net) == tuple(line.format(one) for one in largest)


def test_each_is_a_line_on_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    beginning = Beginning(Placement(torch.device("cpu")), ("whole numbers", "more"))
    _say_begin(TrainConfig("E"), "the default settings", beginning)
    assert capsys.readouterr().err.splitlines() == [
        "dqn-fast: E with the default settings, on cpu",
        "dqn-fast: whole numbers",
        "dqn-fast: more",
    ]
