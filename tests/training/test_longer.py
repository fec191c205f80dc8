"""Runs that go on after their end, or with more steps than they were to have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest
from training.stopping import CONFIG, Interrupting, numbers

from dqn_fast.cli import main
from dqn_fast.training import StopTraining, UsageError, load_config, resume, train
from dqn_fast.training.run_folder.layout import CHECKPOINTS

KEPT = replace(CONFIG, keep_checkpoint=True)
LONGER = 900


@pytest.fixture(autouse=True)
def interrupting() -> Iterator[None]:
    gym.register("Interrupting-v0", Interrupting)
    yield
    del gym.registry["Interrupting-v0"]
    Interrupting.presses_at = 0


def lengthened(folder: Path, **options: Any) -> list[tuple[int, int]]:
    told: list[tuple[int, int]] = []
    resume(folder, on_lengthen=lambda *told_now: told.append(told_now), **options)
    return told


def test_a_finished_run_goes_on_with_its_checkpoint(tmp_path: Path) -> None:
    short = train(KEPT, tmp_path)
    assert len(list(tmp_path.glob(CHECKPOINTS))) == 1
    before = numbers(tmp_path)[0]
    assert lengthened(tmp_path, total_steps=LONGER) == [(600, 600)]
    rows, _ = numbers(tmp_path)
    assert rows[: len(before)] == before
    assert (rows[-1]["step"], int(rows[-1]["updates"]) > short.result.updates) == ("900", True)
    assert load_config(tmp_path) == replace(KEPT, total_steps=LONGER)
    assert json.loads((tmp_path / "result.json").read_text())["steps"] == LONGER
    # All schedules are those of the new length: at step 660 the rate is that of 660 of 900 steps.
    at = {row["step"]: float(row["learning_rate"]) for row in rows}
    assert at["550"] == pytest.approx(CONFIG.learning_rate * (1 - 550 / 600), rel=1e-4)
    assert at["660"] == pytest.approx(CONFIG.learning_rate * (1 - 660 / 900), rel=1e-4)


@pytest.mark.parametrize("presses_at", [30, 250])
def test_what_goes_on_goes_on_exactly(tmp_path: Path, presses_at: int) -> None:
    for name in ("whole", "parts"):
        train(KEPT, tmp_path / name)
    lengthened(tmp_path / "whole", total_steps=LONGER)
    Interrupting.steps_made, Interrupting.presses_at = 0, presses_at
    assert resume(tmp_path / "parts", total_steps=LONGER).evaluation is None
    Interrupting.presses_at = 0
    resume(tmp_path / "parts")
    assert numbers(tmp_path / "parts") == numbers(tmp_path / "whole")


def test_one_that_an_observer_ended_goes_on(tmp_path: Path) -> None:
    def stop(row: Any, agent: Any) -> None:
        raise StopTraining

    assert train(KEPT, tmp_path, observers=[stop]).result.steps == 110
    assert lengthened(tmp_path, total_steps=LONGER) == [(110, 600)]
    assert json.loads((tmp_path / "result.json").read_text())["steps"] == LONGER


def test_what_cannot_go_on_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(CONFIG, tmp_path)
    capsys.readouterr()
    for options, line in (
        ([], f"{tmp_path}: got a complete run, expected one to go on with, or more total_steps"),
        (["--total-steps", "600"], "--total-steps: got 600, expected more than the 600 of the run"),
        (
            ["--total-steps", "9e2"],
            "--total-steps: got 900 for a complete run without a checkpoint, expected one that was trained"
            " with --keep-checkpoint",
        ),
    ):
        assert main(["resume", str(tmp_path), *options]) == 2
        assert capsys.readouterr().err == f"dqn-fast: {line}\n"
    assert load_config(tmp_path) == CONFIG
    assert json.loads((tmp_path / "result.json").read_text())["steps"] == 600


def test_fewer_steps_are_another_configuration(tmp_path: Path) -> None:
    train(KEPT, tmp_path)
    path = tmp_path / "config.json"
    path.write_text(path.read_text().replace('"total_steps": 600', '"total_steps": 500'))
    (tmp_path / "result.json").unlink()
    with pytest.raises(UsageError, match=r"got one of another configuration \(total_steps\)"):
        resume(tmp_path)


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, tiny = str(tmp_path / "run"), ["--learning-starts", "100", "--eval-episodes", "1", "--no-video"]
    length = ["--total-steps", "120", "--capacity", "200"]
    assert main(["train", "CartPole-v1", *length, *tiny, "--keep-checkpoint", "--output", folder]) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    assert said.startswith(f"saved in {folder}, with a checkpoint of ") and said.endswith(" MB")
    assert main(["resume", folder, "--total-steps", "1.5e2", "--no-video"]) == 0
    assert capsys.readouterr().err.splitlines()[0] == (
        "dqn-fast: going on at step 120, with the schedules of the new length instead of those of 120 steps:"
        " an unbroken run would differ"
    )
