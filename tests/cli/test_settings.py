"""Where a run's settings come from: a preset, a file, the defaults; and what the first line says of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.processes import needs_agent

from dqn_fast.cli import main

pytestmark = needs_agent
TINY = ["--total-steps", "120", "--eval-episodes", "1", "--selection-period", "0", "--no-video"]


@pytest.mark.parametrize(
    ("env_id", "name", "line"),
    [
        ("CartPole-v1", None, "the settings of the preset cartpole"),
        ("MinAtar/Seaquest-v0", None, "the settings of the preset minatar-sparse"),
        ("MinAtar/Seaquest-v0", "minatar-dqn", "the settings of the preset minatar-dqn"),
        ("CartPole-v1", "pong", "the settings of the preset pong, which is for ALE/Pong-v5"),
        ("CartPole-v0", None, "the default settings; --preset cartpole takes those for CartPole-v1"),
        ("mine:CartPole-v1", None, "the default settings; --preset cartpole takes those for CartPole-v1"),
        (
            "MinAtar/Breakout-v1",
            None,
            "the default settings; --preset minatar takes those for MinAtar/Breakout-v0",
        ),
        ("Blackjack-v1", None, "the default settings, since no preset is for it"),
    ],
)
def test_their_origin_in_words(env_id: str, name: str | None, line: str) -> None:
    from dqn_fast.training.presets import origin_of_settings

    assert origin_of_settings(env_id, name) == line


def test_the_first_line_says_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ["train", "CartPole-v1", *TINY, "--learning-starts", "100"]
    assert main([*arguments, "--output", "a"]) == 0
    first = capsys.readouterr().err.splitlines()[0]
    assert first.startswith("dqn-fast: CartPole-v1 with the settings of the preset cartpole, on cpu, since ")

    # A file gives all that the options leave out, and the environment.
    again = ["train", "--config", "a/config.json", "--seed", "7", "--output", "b"]
    assert main([*again, "--no-video"]) == 0
    first = capsys.readouterr().err.splitlines()[0]
    assert first.startswith("dqn-fast: CartPole-v1 with the settings of a/config.json, on cpu, since ")
    a, b = (json.loads(Path(name, "config.json").read_text()) for name in "ab")
    assert b == {**a, "seed": 7}

    Path("mine.json").write_text('{"env_id": "Acrobot-v1", "learning_starts": 110}')
    assert main(["train", "CartPole-v1", "--config", "mine.json", *TINY, "--output", "c"]) == 0
    c = json.loads(Path("c/config.json").read_text())
    assert (c["env_id"], c["learning_starts"], c["batch_size"]) == ("CartPole-v1", 110, 128)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, "--config: got mine.json, expected a file (No such file or directory)"),
        ("{}", "mine.json is not a configuration of this version: "),
        ('{"env_id": "X", "tua": 1}', "mine.json: got the settings tua, expected those of dqn_fast "),
        ('{"env_id": "X", "tau": 7}', "mine.json: tau: got 7, expected above 0 and at most 1"),
    ],
)
def test_a_file_that_is_none_is_one_line(
    content: str | None,
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path("mine.json").write_text(content)
    assert main(["train", "--config", "mine.json"]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.startswith(f"dqn-fast: {line}")


def test_a_file_beside_a_preset_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--config", "mine.json", "--preset", "pong"]) == 2
    assert capsys.readouterr().err == "dqn-fast: --config: got one beside --preset, expected one of the two\n"


def test_the_arguments_of_a_presets_environment_are_listed_as_they_are_given(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["presets"]) == 0
    assert "--env-kwargs length=50" in capsys.readouterr().out
