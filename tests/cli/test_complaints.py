"""A command answers bad input, a missing package, and a reader that leaves, in one line at most."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cli.processes import SHORT, command, environment, needs_agent

from dqn_fast.cli import main


@needs_agent
def test_a_preset_without_a_name_is_an_error_of_train(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train", "CartPole-v1", "--preset"])
    said = capsys.readouterr()
    assert "dqn-fast train --help" in said.err + said.out
    assert "__main__" not in said.err + said.out


@needs_agent
@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["train", "CartPol-v1"],
            "cannot make the environment 'CartPol-v1': Environment `CartPol` doesn't exist."
            " Did you mean: `CartPole`?",
        ),
        (
            ["train", "Pendulum-v1"],
            "Pendulum-v1 does not fit: action_space: got Box(-2.0, 2.0, (1,), float32), expected Discrete",
        ),
        (["train", "CartPole-v1", "--batch-size", "0"], "--batch-size: got 0, expected at least 1"),
        (
            ["evaluate", "nowhere"],
            "nowhere holds no run: cannot read config.json (No such file or directory)",
        ),
    ],
)
def test_bad_input_gets_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    line: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert capsys.readouterr() == ("", f"dqn-fast: {line}\n")
    assert list(tmp_path.iterdir()) == []


@needs_agent
@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("model.pt", "", r"bad/model\.pt does not fit the run's configuration: \w.*"),
        (
            "config.json",
            '{"env_id": 5, "hidden_sizes": [8]}',
            r"bad/config\.json: env_id: got 5, expected a name .*",
        ),
        ("config.json", "5", r"bad/config\.json is not a configuration of this version: .*"),
    ],
)
def test_a_damaged_file_gets_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: str,
    line: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "config.json").write_text('{"env_id": "CartPole-v1", "hidden_sizes": [8]}')
    (tmp_path / "bad" / name).write_text(content)
    assert main(["evaluate", "bad"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert re.fullmatch(f"dqn-fast: {line}\n", said.err)


@needs_agent
def test_an_error_is_the_exit_status_of_the_process(tmp_path: Path) -> None:
    done = command("train", "Pendulum-v1", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


@needs_agent
def test_a_run_is_not_overwritten_unless_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.pt").write_text("precious")
    arguments = ["train", "CartPole-v1", "--output", ".", *SHORT]
    assert main(arguments) == 2
    assert capsys.readouterr().err == (
        "dqn-fast: .: got a run already (model.pt), expected none:"
        " choose another --output, or pass --overwrite\n"
    )
    assert (tmp_path / "model.pt").read_text() == "precious"
    assert main([*arguments, "--overwrite"]) == 0
    assert (tmp_path / "model.pt").read_bytes().startswith(b"PK")


@pytest.mark.parametrize("missing", ["torch", "tyro"])
def test_without_the_agent_extra_there_is_one_line(missing: str) -> None:
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from dqn_fast.cli import main\n"
        "sys.exit(main(['train', 'CartPole-v1']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, encoding="utf-8", timeout=60
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("dqn-fast: training needs the agent extra, and ")
    assert missing in done.stderr
    assert done.stderr.endswith("not installed: pip install 'dqn_fast[agent]'\n")
    assert done.stderr.count("\n") == 1


COMMANDS = ("train", "resume", "evaluate", "video", "table")


@needs_agent
@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["presets"],
        *([name, "--help"] for name in COMMANDS),
    ],
    ids=" ".join,
)
def test_a_reader_that_leaves_is_no_error(arguments: list[str], tmp_path: Path) -> None:
    """As in `dqn-fast train --help | head`."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "dqn_fast", *arguments],
        cwd=tmp_path,
        env=environment(),
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=120,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")
