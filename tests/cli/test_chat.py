# ruff: noqa: RUF001  # Chinese punctuation is what is shown
"""A person talks with a trained agent by the real command: through a pipe, and in a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli.processes import command, environment, needs_agent

pytestmark = needs_agent
TRAIN = ["--total-steps", "300", "--learning-starts", "100", "--hidden-sizes", "8", "--eval-episodes", "3"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chat")
    done = command("train", "dqn_fast/MovieTicket-v0", *TRAIN, "--output", "out", cwd=folder)
    assert done.returncode == 0, done.stderr
    # Three dialogues in words, then the score.
    assert done.stdout.count("She wants “") == 3
    assert done.stdout.startswith((folder / "out" / "episodes.txt").read_text(encoding="utf-8"))
    assert ", success 0" in done.stdout
    assert "no video" not in done.stderr
    return folder


def chat(folder: Path, *arguments: str, lines: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dqn_fast", "chat", "out", "--seed", "1", *arguments],
        cwd=folder,
        env=environment(),
        input=lines,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


def test_lines_from_a_pipe(folder: Path) -> None:
    done = chat(folder, lines="Robot Wedding, please\nFriday\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("For example, you want “")
    assert "User: Agent: " in done.stdout
    assert done.stdout.endswith("(You left.)\n")


def test_in_chinese(folder: Path) -> None:
    done = chat(folder, "--language", "zh", lines="我想看《机器人的婚礼》\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert "售票员：" in done.stdout


def test_what_cannot_be_done_is_one_line(folder: Path, tmp_path: Path) -> None:
    done = chat(folder, "--language", "fr", lines="")
    assert (done.returncode, done.stderr) == (2, "dqn-fast: --language: got 'fr', expected one of en, zh\n")
    done = command("chat", str(tmp_path), cwd=folder)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    done = command("chat", "out", "--seed", "-1", cwd=folder)
    assert done.stderr == "dqn-fast: --seed: got -1, expected at least 0 and below 2**31\n"


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
