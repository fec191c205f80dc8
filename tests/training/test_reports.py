"""Rows in the table, in TensorBoard's events, in the terminal and in the picture."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import pytest
from rich.console import Console

from dqn_fast.training import Evaluation, TrainConfig
from dqn_fast.training.metrics import MetricsRow
from dqn_fast.training.reports import CsvReport, ProgressReport, TensorBoardReport, draw_learning_curve

NAN = math.nan
ROWS = [
    MetricsRow(500, 0, 20, 22.25, 3.5, 0.9, NAN, NAN, 1e-3, 5000.0, 0.1),
    MetricsRow(1000, 250, 30, 60.0, 10.0, 0.5, 0.125, 4.5, 5e-4, 1500.0, 0.43),
]
CONFIG = TrainConfig("CartPole-v1", total_steps=2000)


def test_csv_flushes_each_row_and_leaves_nan_empty(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    with CsvReport(path) as report:
        for count, row in enumerate(ROWS, 1):
            report(row)
            assert len(path.read_text().splitlines()) == count + 1
    first, second = csv.DictReader(path.read_text().splitlines())
    assert list(first) == list(MetricsRow._fields)
    assert (first["step"], first["loss"], first["return_mean"]) == ("500", "", "22.25")
    assert (second["updates"], second["loss"], second["learning_rate"]) == ("250", "0.125", "0.0005")


def test_tensorboard_has_each_number_at_its_step(tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    with TensorBoardReport(tmp_path) as report:
        for row in ROWS:
            report(row)
    events = accumulator.EventAccumulator(str(tmp_path)).Reload()
    assert [(event.step, event.value) for event in events.Scalars("rollout/return_mean")] == [
        (500, 22.25),
        (1000, 60.0),
    ]
    assert [event.step for event in events.Scalars("learner/loss")] == [1000]


def test_progress_shows_the_numbers() -> None:
    output = io.StringIO()
    with ProgressReport(
        2000, Console(file=output, width=110, force_terminal=True, color_system=None)
    ) as report:
        report(ROWS[0])
        report(ROWS[1])
    for text in ("1,000/2,000 steps", "1,500/s", "return 60.0", "ε 0.50", "loss 0.125"):
        assert text in output.getvalue()


@pytest.mark.parametrize("rows", [ROWS, ROWS[:1], []])
@pytest.mark.parametrize("evaluation", [Evaluation([500.0, 400.0]), None])
def test_a_picture_of_any_run(tmp_path: Path, rows: list[MetricsRow], evaluation: Evaluation | None) -> None:
    draw_learning_curve(tmp_path / "curve.png", CONFIG, rows, evaluation)
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
