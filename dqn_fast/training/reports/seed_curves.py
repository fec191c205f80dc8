"""learning_curves.png: returns of several seeds, with their mean and spread, and evaluations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from dqn_fast.training.config import TrainConfig
from dqn_fast.training.metrics import MetricsRow
from dqn_fast.training.reports.style import BLUE, GREEN, X_LABELS, new_figure, save_figure, steps_on_x, style


class Curve(NamedTuple):
    """Return over environment steps of one seed; both 1-d and of one length, steps rising."""

    steps: np.ndarray
    returns: np.ndarray

    @classmethod
    def of(cls, rows: Sequence[MetricsRow]) -> Curve:
        """Return the curve of a run: the mean return of its latest episodes, once there is one."""
        return cls._through([(row.step, row.return_mean) for row in rows])

    @classmethod
    def evaluated(cls, rows: Sequence[MetricsRow]) -> Curve:
        """Return the curve of a run's evaluations during the training."""
        return cls._through([(row.step, row.eval_return_mean) for row in rows])

    @classmethod
    def _through(cls, points: Sequence[tuple[int, float]]) -> Curve:
        known = [point for point in points if np.isfinite(point[1])]
        return cls(*np.array(known, float).reshape(-1, 2).T)


class Spread(NamedTuple):
    """Mean and standard deviation (divided by their number) over seeds; all 1-d and of one length.

    `low` and `high` are mean ± standard deviation, within the lowest and highest seed.
    """

    steps: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    low: np.ndarray
    high: np.ndarray


def spread(curves: Sequence[Curve]) -> Spread:
    """Return the spread of curves at every step of any of them.

    Curves are interpolated linearly between their points. A curve does not count before its first step or
    after its last.
    """
    steps = np.unique(np.concatenate([curve.steps for curve in curves]))
    values = np.ma.masked_invalid(
        [
            np.interp(steps, *curve, left=np.nan, right=np.nan) if len(curve.steps) else steps * np.nan
            for curve in curves
        ]
    )
    mean, std = values.mean(axis=0).data, values.std(axis=0).data
    low = np.maximum(mean - std, values.min(axis=0).data)
    return Spread(steps, mean, std, low, np.minimum(mean + std, values.max(axis=0).data))


def draw_spread(axes: Axes, curves: Sequence[Curve]) -> None:
    """Draw thin curves, their mean and a band of their spread, with labels for a legend."""
    style(axes)
    for number, curve in enumerate(curves):
        label = None if number else "each seed: mean of its latest episodes"
        axes.plot(*curve, color=BLUE, alpha=0.5, linewidth=1.0, label=label)
    steps, mean, _, low, high = spread(curves)
    axes.fill_between(steps, low, high, color=BLUE, alpha=0.12, linewidth=0)
    axes.plot(steps, mean, color=BLUE, linewidth=1.8, label="training: mean ± standard deviation over seeds")


def _draw_evaluated(axes: Axes, curves: Sequence[Curve]) -> None:
    for curve in curves:
        axes.plot(*curve, color=GREEN, alpha=0.35, linewidth=0.8)
    steps, mean, *_ = spread(curves)
    label = "evaluations during the training (ε = 0): each seed, and their mean"
    axes.plot(steps, mean, color=GREEN, marker="o", markersize=3, linewidth=1.4, label=label)


def draw_seed_curves(
    path: Path,
    title: str,
    runs: Sequence[Sequence[MetricsRow]],
    config: TrainConfig,
    evaluation: tuple[float, str] | None,
) -> None:
    """Draw the picture of several seeds: returns of the training, and evaluations during it.

    Args:
        path: of the PNG file.
        title: of the picture.
        runs: the metrics of each seed, at least of one.
        config: of any of them.
        evaluation: mean return over the seeds, and its label; None if there is none.
    """
    figure = new_figure(8, 4.5)
    axes = figure.add_subplot()
    style(axes)
    evaluated = [Curve.evaluated(rows) for rows in runs]
    if config.offline is None:
        draw_spread(axes, [Curve.of(rows) for rows in runs])
    if any(len(curve.steps) for curve in evaluated):
        _draw_evaluated(axes, evaluated)
    if evaluation is not None:
        axes.axhline(evaluation[0], color=GREEN, linestyle="--", linewidth=1.2, label=evaluation[1])
    steps_on_x(axes, config.total_steps)
    axes.set(xlabel=X_LABELS[config.unit], ylabel="episode return")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False, fontsize=9, ncols=1)
    figure.suptitle(title, fontsize=13, fontweight="bold")
    save_figure(figure, path)
