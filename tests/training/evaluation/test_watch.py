"""The agent is shown as text where there is no screen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from training.short import short

from dqn_fast.cli import main
from dqn_fast.errors import UsageError
from dqn_fast.training import train
from dqn_fast.training.evaluation.watch import as_text, render_mode


def test_a_window_is_taken_where_there_is_a_screen() -> None:
    assert render_mode("E", ["human", "rgb_array"], screen=True) == "human"
    assert render_mode("E", ["human", "rgb_array"], screen=False) == "rgb_array"
    assert render_mode("E", ["human", "ansi", "rgb_array"], screen=False) == "ansi"
    with pytest.raises(
        UsageError, match=r"^E: got the render modes \['human'\], expected human, ansi or rgb_a"
    ):
        render_mode("E", ["human"], screen=False)


def test_a_character_is_two_pixels() -> None:
    picture = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [9, 9, 9]]], np.uint8)
    expected = "\x1b[38;2;255;0;0;48;2;0;0;255m\u2580\x1b[38;2;0;255;0;48;2;9;9;9m\u2580\x1b[0m"
    assert as_text(picture, columns=2, lines=2) == expected
    assert as_text(picture / 255, columns=2, lines=2) == expected
    large = as_text(picture.repeat(50, 0).repeat(100, 1), columns=40, lines=30).splitlines()
    assert [line.count("\u2580") for line in large] == [40] * 10
    with pytest.raises(UsageError, match=r"^frame: got shape \(2, 2\), expected \(height, width, 3\)$"):
        as_text(np.zeros((2, 2)), 80, 24)


@pytest.mark.parametrize(
    ("env_id", "kwargs", "shown"),
    [("FrozenLake-v1", {"is_slippery": False}, "FHFH"), ("CartPole-v1", {"max_episode_steps": 4}, "\u2580")],
)
def test_text_in_the_terminal(
    env_id: str,
    kwargs: dict[str, object],
    shown: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    train(short(env_id, 120, env_kwargs=kwargs), tmp_path)
    capsys.readouterr()
    assert main(["watch", str(tmp_path), "--episodes", "2", "--fps", "1000"]) == 0
    out = capsys.readouterr().out
    assert shown in out
    assert "episode 2, step 4, return " in out or "episode 2, step 100, return " in out
    assert out.splitlines()[-1].startswith("return ") and out.endswith(" (ε = 0)\n")
    assert main(["watch", str(tmp_path), "--fps", "0"]) == 2
    assert capsys.readouterr().err == "dqn-fast: --fps: got 0.0, expected above 0 and at most 1000\n"


def test_a_seed_chooses_the_episode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("dqn_fast.training.evaluation.watch.has_screen", lambda: False)
    config = short("dqn_fast/MovieTicket-v0", 120)
    train(config, tmp_path)

    def seen(*arguments: str) -> str:
        capsys.readouterr()
        assert main(["watch", str(tmp_path), "--fps", "1000", *arguments]) == 0
        return capsys.readouterr().out

    own = config.seeds.evaluation
    assert seen() == seen("--seed", str(own)) != seen("--seed", str(own + 1))
    second = seen("--seed", str(own + 1)).splitlines()[:-1]
    assert (
        seen("--episodes", "2").replace("episode 2", "episode 1").splitlines()[-1 - len(second) : -1]
        == second
    )
    assert main(["watch", str(tmp_path), "--seed", "-1"]) == 2
    assert capsys.readouterr().err == "dqn-fast: --seed: got -1, expected at least 0 and below 2**31\n"
