"""Whole numbers as people write them, and options that do not exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from cli.processes import environment, needs_agent

import dqn_fast
from dqn_fast.cli import main

pytestmark = needs_agent


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["train", "E", "--total-steps", "1e6"], ["train", "E", "--total-steps", "1000000"]),
        (["train", "E", "--total_steps=2.5E+3"], ["train", "E", "--total_steps=2500"]),
        (["train", "E", "--seeds", "1e1"], ["train", "E", "--seeds", "10"]),
        (["video", "F", "--episodes", "1e2"], ["video", "F", "--episodes", "100"]),
        # Others stay: no whole number, or no option of whole numbers.
        (["train", "E", "--total-steps", "1.5e0"], ["train", "E", "--total-steps", "1.5e0"]),
        (["train", "E", "--total-steps", "1e-3"], ["train", "E", "--total-steps", "1e-3"]),
        (["train", "1e6", "--output", "1e6"], ["train", "1e6", "--output", "1e6"]),
        (["train", "E", "--gamma", "1e0"], ["train", "E", "--gamma", "1e0"]),
        ([], []),
    ],
)
def test_whole_numbers(arguments: list[str], expected: list[str]) -> None:
    from dqn_fast.cli.arguments import with_whole_numbers

    assert with_whole_numbers(arguments) == expected


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            "train CartPole-v1 --lr 3",
            "--lr: got an option that train does not have, expected --learning-rate",
        ),
        (
            "train CartPole-v1 --learning_rte=3",
            "--learning-rte: got an option that train does not have, expected --learning-rate or"
            " --learning-rate-end or --learning-starts",
        ),
        (
            "train CartPole-v1 --steps 5",
            "--steps: got an option that train does not have, expected --total-steps",
        ),
        (
            "train CartPole-v1 --buffer-size 5",
            "--buffer-size: got an option that train does not have, expected --capacity",
        ),
        (
            "train CartPole-v1 --warp 5",
            "--warp: got an option that train does not have, expected one that `dqn-fast train --help` lists",
        ),
        ("resume F --vidoe", "--vidoe: got an option that resume does not have, expected --video"),
        # Rules about two settings name the options of both.
        (
            "train ALE/Pong-v5 --total-steps 2e3",
            "--total-steps: got 2000, expected more than --learning-starts (10000)",
        ),
    ],
)
def test_one_line_names_what_may_be_meant(
    arguments: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments.split()) == 2
    assert capsys.readouterr() == ("", f"dqn-fast: {line}\n")


def test_every_option_of_every_command_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    from dqn_fast.cli.arguments import refuse_unknown_options
    from dqn_fast.cli.commands import COMMANDS

    for command in ("train", *COMMANDS):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        plain = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)
        heads = re.findall(r"(?m)^[│ ] (?:-h, )?--.*", plain)  # not what texts speak of
        options = set(
            re.findall(r"--[a-z][a-z0-9-]*", " ".join(head.strip("│ ").split("  ")[0] for head in heads))
        )
        assert len(options) > 50 if command == "train" else options
        refuse_unknown_options([command, *options - {"--help"}])


def test_the_version_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"dqn-fast {dqn_fast.__version__}\n"


@pytest.mark.parametrize("arguments", [["--help"], ["train", "CartPole-v1", "--help"], ["presets"]])
def test_help_comes_without_pytorch(arguments: list[str], tmp_path: Path) -> None:
    code = (
        "import sys\nfrom dqn_fast.cli import main\n"
        f"try:\n    main({arguments})\nexcept SystemExit:\n    pass\n"
        "assert 'torch' not in sys.modules and 'matplotlib' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment(), capture_output=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, b"")
