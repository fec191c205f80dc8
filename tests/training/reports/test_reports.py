"""Rows of metrics in the table, in TensorBoard, in the terminal and in the picture."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from dqn_fast.training import Evaluation, TrainConfig
from dqn_fast.training.metrics import MetricsRow
from dqn_fast.training.reports import (
    CsvReport,
    Curve,
    MultiSeedProgress,
    ProgressReport,
    TensorBoardReport,
    draw_learning_curve,
    draw_seed_curves,
    read_last_row,
    read_rows,
)
from dqn_fast.training.reports.learning_curve import band
from dqn_fast.training.reports.seed_curves import spread

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


def test_csv_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    assert read_last_row(path) is None
    with CsvReport(path) as report:
        assert read_last_row(path) is None
        for row in ROWS:
            report(row)
            last = read_last_row(path)
            assert last is not None
            assert last == pytest.approx(row, nan_ok=True)
    assert [tuple(row) for row in read_rows(path)] == [pytest.approx(row, nan_ok=True) for row in ROWS]


def test_a_row_that_is_not_whole_yet_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    with CsvReport(path) as report:
        for step in range(500):
            report(ROWS[1]._replace(step=step))
    with path.open("a") as file:
        file.write("500,250,3")
    last = read_last_row(path)
    assert last is not None
    assert last.step == 499


def test_a_column_that_an_older_file_does_not_have_is_nan(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text("step,updates,episodes,return_mean\n500,0,20,22.5\n")
    (row,) = read_rows(path)
    assert (row.step, row.return_mean) == (500, 22.5)
    assert math.isnan(row.loss)


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


@pytest.mark.parametrize("unit", ["steps", "updates"])
def test_tensorboard_names_the_speed_by_what_a_step_is(tmp_path: Path, unit: str) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    with TensorBoardReport(tmp_path, unit=unit) as report:
        report(ROWS[1])
    events = accumulator.EventAccumulator(str(tmp_path)).Reload()
    speeds = [tag for tag in events.Tags()["scalars"] if tag.endswith("_per_second")]
    assert speeds == [f"time/{unit}_per_second"]


def test_tensorboard_can_be_looked_at_while_rows_come(tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")

    def steps() -> list[int]:
        events = accumulator.EventAccumulator(str(tmp_path)).Reload()
        return [event.step for event in events.Scalars("rollout/return_mean")]

    with TensorBoardReport(tmp_path) as report:
        seen = []
        for step, seconds in ((1, 0.1), (2, 0.2), (3, 4.9), (4, 5.1), (5, 20.0), (6, 40.0), (7, 40.1)):
            report(ROWS[1]._replace(step=step, seconds=seconds))
            seen.append(len(steps()))
        assert seen == [1, 1, 1, 4, 5, 6, 6]
    assert steps() == [1, 2, 3, 4, 5, 6, 7]


def test_progress_shows_the_numbers() -> None:
    output = io.StringIO()
    with ProgressReport(
        CONFIG, Console(file=output, width=110, force_terminal=True, color_system=None)
    ) as report:
        report(ROWS[0])
        report(ROWS[1])
    for text in ("1,000/2,000 steps", "1,500/s", "return 60.0", "ε 0.50", "loss 0.125"):
        assert text in output.getvalue()


def test_the_progress_of_several_seeds_shows_each() -> None:
    output = io.StringIO()
    console = Console(file=output, width=110, force_terminal=True, color_system=None)
    with MultiSeedProgress(
        [3, 4, 5], replace(CONFIG, total_steps=1_000, learning_starts=9), console
    ) as progress:
        progress.started(3)
        progress.show(3, None)
        progress.show(3, ROWS[0])
        progress._progress.refresh()
        progress.show(3, ROWS[1])
        progress._progress.refresh()
        progress.started(4)
        progress.ended(4, "failed")
        progress.say("seed 4 failed: [red] is no markup")
    shown = output.getvalue()
    for text in (
        "seed 3",
        "500/1,000 steps",
        "5,000/s  return 22.2  ε 0.90",
        "return 60.0  evaluating",
        "failed",
        "waiting",
        "seed 4 failed: [red] is no markup",
    ):
        assert text in shown


def test_the_spread_of_curves_counts_each_where_it_is() -> None:
    first = Curve(np.array([0.0, 10.0, 20.0]), np.array([0.0, 10.0, 20.0]))
    second = Curve(np.array([5.0, 15.0]), np.array([15.0, 25.0]))
    nothing = Curve.of([ROWS[0]._replace(return_mean=NAN)])
    steps, mean, std, _, _ = spread([first, second, nothing])
    assert steps.tolist() == [0, 5, 10, 15, 20]
    assert mean.tolist() == [0, 10, 15, 20, 20]
    assert std.tolist() == [0, 5, 5, 5, 0]


def test_no_band_goes_beyond_what_happened() -> None:
    curves = [Curve(np.array([1.0, 2.0]), np.array([best, 0.0])) for best in (500.0, 500.0, 400.0)]
    found = spread(curves)
    assert found.mean[0] + found.std[0] > 500
    assert (found.low.tolist(), found.high.tolist()) == (
        [pytest.approx(419.526, abs=1e-3), 0.0],
        [500.0, 0.0],
    )
    columns = {
        "return_mean": np.array([480.0, 480.0, NAN]),
        "return_std": np.array([60.0, 60.0, NAN]),
        "return_min": np.array([430.0, NAN, NAN]),  # the second as version 0.1.0 has it
        "return_max": np.array([500.0, NAN, NAN]),
    }
    low, high = band(columns)
    assert low[:2].tolist() == [430, 420]
    assert high[:2].tolist() == [500, 540]


def test_a_curve_begins_with_the_first_finished_episode() -> None:
    curve = Curve.of([ROWS[0]._replace(return_mean=NAN), ROWS[1]])
    assert (curve.steps.tolist(), curve.returns.tolist()) == ([1000.0], [60.0])


def test_the_curve_of_evaluations_has_the_steps_that_were_evaluated() -> None:
    curve = Curve.evaluated([ROWS[0]._replace(eval_return_mean=NAN), ROWS[1]._replace(eval_return_mean=7.0)])
    assert (curve.steps.tolist(), curve.returns.tolist()) == ([1000.0], [7.0])


@pytest.mark.parametrize("rows", [ROWS, ROWS[:1], []])
@pytest.mark.parametrize("evaluation", [(450.0, "evaluation: 450"), None])
def test_a_picture_of_any_group(
    tmp_path: Path, rows: list[MetricsRow], evaluation: tuple[float, str] | None
) -> None:
    evaluated = [row._replace(eval_return_mean=100.0 + row.step) for row in rows]
    draw_seed_curves(tmp_path / "curves.png", "Title", [evaluated, ROWS], CONFIG, evaluation)
    draw_seed_curves(tmp_path / "curve.png", "Title", [rows], CONFIG, evaluation)
    for name in ("curve.png", "curves.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("rows", [ROWS, ROWS[:1], []])
@pytest.mark.parametrize("evaluation", [Evaluation([500.0, 400.0]), None])
@pytest.mark.parametrize("last", [Evaluation([50.0, 40.0]), None])
def test_a_picture_of_any_run(
    tmp_path: Path, rows: list[MetricsRow], evaluation: Evaluation | None, last: Evaluation | None
) -> None:
    draw_learning_curve(tmp_path / "curve.png", CONFIG, rows, evaluation, last)
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
