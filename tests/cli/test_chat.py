# ruff: noqa: RUF001  # Chinese punctuation is what is shown
"""A person talks with a trained agent by the real command: through a pipe, and in a terminal."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from cli.processes import environment, needs_agent

from dqn_fast.cli import main

pytestmark = needs_agent
TRAIN = ["--total-steps", "300", "--learning-starts", "100", "--hidden-sizes", "8", "--eval-episodes", "3"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chat")
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        assert main(["train", "dqn_fast/MovieTicket-v0", *TRAIN, "--output", str(folder / "out")]) == 0
    said = out.getvalue()
    # Three dialogues in words, then the score.
    assert said.count("She wants “") == 3
    assert said.startswith((folder / "out" / "episodes.txt").read_text(encoding="utf-8"))
    assert ", success 0" in said
    assert "no video" not in err.getvalue()
    return folder


@pytest.fixture
def chat(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    def chat(*arguments: str, lines: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(lines))
        status = main(["chat", str(folder / "out"), "--seed", "1", *arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    return chat


def test_lines_from_a_pipe(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dqn_fast", "chat", "out", "--seed", "1"],
        cwd=folder,
        env=environment(),
        input="Robot Wedding, please\nFriday\n",
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("For example, you want “")
    assert "User: Agent: " in done.stdout
    assert done.stdout.endswith("(You left.)\n")


def test_in_chinese(chat: Callable[..., tuple[int, str, str]]) -> None:
    status, out, err = chat("--language", "zh", lines="我想看《机器人的婚礼》\n")
    assert (status, err) == (0, "")
    assert "售票员：" in out


def test_what_cannot_be_done_is_one_line(
    chat: Callable[..., tuple[int, str, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert chat("--language", "fr") == (2, "", "dqn-fast: --language: got 'fr', expected one of en, zh\n")
    assert chat("--seed", "-1") == (2, "", "dqn-fast: --seed: got -1, expected at least 0 and below 2**31\n")
    assert main(["chat", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_in_a_terminal(folder: Path) -> None:
    import pty

    main, other = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "dqn_fast", "chat", "out", "--seed", "1"],
        cwd=folder,
        env={**environment(), "TERM": "dumb"},
        stdin=other,
        stdout=other,
        stderr=other,  # where Python writes the prompts of a terminal
        close_fds=True,
    ) as process:
        os.close(other)
        seen = b""
        for line in (b"Robot Wedding\n", b"\x04"):
            while not seen.endswith((b"User: ", b"[y/n] ")):
                seen += os.read(main, 1)  # an error where the process has ended
            os.write(main, line)
            seen += b" "
        assert process.wait(timeout=60) == 0
    os.close(main)
    assert b"Traceback" not in seen
    assert b"Robot Wedding" in seen
    assert b"Agent: " in seen
