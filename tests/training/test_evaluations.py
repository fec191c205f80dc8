"""Evaluations during the training are results: in metrics.csv, in TensorBoard, and for observers."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import gymnasium as gym
import pytest
from training.stopping import CONFIG, Interrupting, numbers, stopped

from dqn_fast.training import MetricsRow, evaluate_run, resume, train


@pytest.fixture(autouse=True)
def interrupting() -> Iterator[None]:
    gym.register("Interrupting-v0", Interrupting)
    yield
    del gym.registry["Interrupting-v0"]


def scalars(folder: Path, tag: str) -> list[tuple[int, float]]:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    events = accumulator.EventAccumulator(str(folder)).Reload()
    return [(event.step, pytest.approx(event.value)) for event in events.Scalars(tag)]


def test_each_is_in_its_row(tmp_path: Path) -> None:
    seen: list[MetricsRow] = []
    train(CONFIG, tmp_path, observers=[lambda row, agent: seen.append(row)])
    found = [(row.step, row.eval_return_mean) for row in seen if not math.isnan(row.eval_return_mean)]
    assert [step for step, _ in found] == [220, 440]  # the first rows at or after each 200 steps
    rows = list(csv.DictReader((tmp_path / "metrics.csv").read_text().splitlines()))
    cells = [(int(row["step"]), row["eval_return_mean"]) for row in rows]
    assert [(step, float(cell)) for step, cell in cells if cell] == found
    assert scalars(tmp_path, "eval/return_mean") == found


def test_one_that_was_interrupted_is_in_its_row_after_all(tmp_path: Path) -> None:
    """Ctrl-C comes in the evaluation of the row at step 220: after its first few steps."""
    train(CONFIG, tmp_path / "whole")
    stopped(CONFIG, tmp_path / "parts", 223)
    rows, _ = numbers(tmp_path / "parts")
    assert (rows[-1]["step"], rows[-1]["eval_return_mean"]) == ("220", "")
    resume(tmp_path / "parts")
    assert numbers(tmp_path / "parts") == numbers(tmp_path / "whole")
    for tag in ("eval/return_mean", "rollout/return_mean"):
        assert scalars(tmp_path / "parts", tag) == scalars(tmp_path / "whole", tag)


def test_a_run_is_evaluated_with_other_episodes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from dqn_fast.cli import main

    run = train(CONFIG, tmp_path)
    assert run.evaluation is not None
    assert evaluate_run(tmp_path) == run.evaluation
    first = CONFIG.seeds.evaluation
    several = evaluate_run(tmp_path, episodes=2, seed=first + 1)
    assert several is not None
    assert several.returns == run.evaluation.returns[1:3]
    capsys.readouterr()
    assert main(["evaluate", str(tmp_path), "--episodes", "2", "--seed", str(first + 1)]) == 0
    assert capsys.readouterr() == (f"{several}\n", "")
    for option, line in (
        (["--episodes", "0"], "--episodes: got 0, expected at least 1"),
        (["--seed", "-1"], "--seed: got -1, expected at least 0 and below 2**31"),
    ):
        assert main(["evaluate", str(tmp_path), *option]) == 2
        assert capsys.readouterr().err == f"dqn-fast: {line}\n"


def test_without_a_selection_there_is_none(tmp_path: Path) -> None:
    train(replace(CONFIG, selection_period=0), tmp_path)
    rows = csv.DictReader((tmp_path / "metrics.csv").read_text().splitlines())
    assert {row["eval_return_mean"] for row in rows} == {""}
