"""Odd ids, odd classes, and environments that turn odd after a training are one line, too."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from envs.kinds import registered
from envs.odd import Odd, kind
from envs.odd_training import GOT, OLD, train

from dqn_fast.cli import main


@pytest.mark.parametrize("command", ["evaluate", "resume"])
def test_an_environment_that_turns_odd(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After it was trained in."""
    fine, odd = kind("X", BAD=Odd.GOOD), kind("X", BAD=np.zeros(1, np.float32))
    with registered(fine):
        assert train(tmp_path, "X-v0") == 0
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
    assert train(tmp_path, env_id) == 2
    assert re.fullmatch(rf"dqn-fast: .*{re.escape(env_id)}.*\n", capsys.readouterr().err)


class NoEnvironment:
    """Of another package's class, such as gym's."""


def test_classes_of_another_package(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with registered(NoEnvironment):  # type: ignore[arg-type]
        assert train(tmp_path, "NoEnvironment-v0") == 2
    assert re.fullmatch(
        rf"dqn-fast: env_id: got .*expected .*class gymnasium\.Env.*{OLD}.*\n", capsys.readouterr().err
    )
