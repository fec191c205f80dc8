"""A person rates by the real command: through a pipe, in a terminal, and while it is killed."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cli.processes import environment, needs_agent

from dqn_fast.cli import main

pytestmark = needs_agent
PROMPT = "mark, 1 (worst) to 5 (best), or Enter for none: "
TRAIN = ["--total-steps", "64", "--learning-starts", "32", "--eval-episodes", "2", "--log-period", "64"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of walks, which are told in words and said by a small GPT."""
    folder = tmp_path_factory.mktemp("rate")
    status = main(["train", "dqn_fast/RandomWalks-v0", *TRAIN, "--output", str(folder / "out")])
    assert status == 0
    return folder


@pytest.fixture
def ratings(folder: Path) -> Iterator[Path]:
    """The file of marks, which does not exist yet."""
    path = folder / "out" / "ratings.jsonl"
    yield path
    path.unlink(missing_ok=True)


@pytest.fixture
def rate(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    def rate(*arguments: str, lines: str = "") -> tuple[int, str, str]:
        monkeypatch.chdir(folder)
        monkeypatch.setattr("sys.stdin", io.StringIO(lines))
        capsys.readouterr()
        status = main(["rate", *arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    return rate


def marks(path: Path) -> list[int]:
    return [json.loads(line)["mark"] for line in path.read_text(encoding="utf-8").splitlines()]


def test_marks_are_given_and_learned_from(
    rate: Callable[..., tuple[int, str, str]],
    ratings: Path,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, out, err = rate("out", "--episodes", "4", "--epsilon", "0.9", lines="4\n\nseven\n2\n")
    assert (status, err) == (0, "")
    assert out.startswith("\ntext 1 of 4\n\n") and out.count(PROMPT) == 5
    assert "(a number from 1 to 5)" in out
    assert out.endswith(
        f"\nout: mean mark 3.00 (2.00 to 4.00) of 2 texts, in {Path('out', 'ratings.jsonl')}\n"
    )
    assert marks(ratings) == [4, 2]
    status, out, err = rate("out", "--episodes", "4", "--epsilon", "0.9", lines="5\n5\n5\n")
    assert "text 1 of 2\n" in out and marks(ratings) == [4, 2, 5, 5]
    status, out, err = rate("out", "--episodes", "4", "--epsilon", "0.9")
    assert err == "dqn-fast: all of these texts are rated; for more: --episodes, --seed or --epsilon\n"

    train = ["train", "dqn_fast/RandomWalks-v0", *TRAIN, "--no-video", "--output", "marked"]
    assert main([*train, "--from", "out", "--ratings", "out", "--rating-scale", "2"]) == 0
    assert "dqn-fast: 4 rated texts: marks earn -1 to 2, added to " in capsys.readouterr().err
    assert json.loads((folder / "marked" / "config.json").read_text())["ratings"] == [
        f"{Path('out', 'ratings.jsonl')}:{ratings.stat().st_size}"
    ]
    assert marks(ratings) == [4, 2, 5, 5]


def test_a_new_run_in_the_folder_keeps_the_marks_and_does_not_count_them(
    rate: Callable[..., tuple[int, str, str]], ratings: Path
) -> None:
    rate("out", "--episodes", "1", lines="1\n")
    before = ratings.read_bytes()
    again = ["train", "dqn_fast/RandomWalks-v0", *TRAIN, "--seed", "1", "--no-video"]
    assert main([*again, "--output", "out", "--overwrite"]) == 0
    assert ratings.read_bytes() == before
    assert "\nout: no marks, in " in rate("out", "--episodes", "1")[1]


def test_what_cannot_be_done_is_one_line(
    rate: Callable[..., tuple[int, str, str]], ratings: Path, tmp_path: Path
) -> None:
    assert rate()[0] == 2
    assert rate("out", "--seed", "-1")[2] == "dqn-fast: --seed: got -1, expected at least 0 and below 2**31\n"
    assert rate("out", "--epsilon", "2")[2] == "dqn-fast: --epsilon: got 2.0, expected from 0 to 1\n"
    status, _, err = rate(str(tmp_path))
    assert status == 2 and err.count("\n") == 1
    ratings.write_text('{"mark": 1}\n')
    status, _, err = rate("out", "--episodes", "1")
    assert (status, err.count("\n")) == (2, 1) and "line 1: got 'format' is missing, expected a mark" in err
    assert main(["train", "dqn_fast/MovieTicket-v0", "--ratings", str(tmp_path)]) == 2


def _end(process: subprocess.Popen[bytes], end: signal.Signals) -> None:
    """Send a signal; again if it came between a prompt and the wait for keys, where Python misses it."""
    for _ in range(3):
        process.send_signal(end)
        try:
            process.wait(timeout=20)
            return
        except subprocess.TimeoutExpired:
            continue
    process.kill()


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(("end", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_in_a_terminal_marks_stay_whatever_ends_the_program(
    folder: Path, ratings: Path, end: signal.Signals, status: int
) -> None:
    import pty

    terminal, other = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "dqn_fast", "rate", "out", "--episodes", "3"],
        cwd=folder,
        env={**environment(), "TERM": "dumb"},
        stdin=other,
        stdout=other,
        stderr=other,  # where Python writes the prompts of a terminal
        close_fds=True,
    ) as process:
        os.close(other)
        seen = b""
        for keys in (b"5\n", b""):
            while not seen.endswith(PROMPT.encode()):
                seen += os.read(terminal, 1)  # an error where the process has ended
            os.write(terminal, keys)
            seen += b" "
        _end(process, end)
    assert process.returncode == status
    os.close(terminal)
    assert b"Traceback" not in seen
    assert marks(ratings) == [5]
