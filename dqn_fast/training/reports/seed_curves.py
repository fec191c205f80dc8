"""learning_curves.png: the learning curves of several seeds, with their mean and spread."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from dqn_fast.training.metrics import MetricsRow
from dqn_fast.training.reports.style import BLUE, GREEN, new_figure, save_figure, steps_on_x, style


class Curve(NamedTuple):
    """Return over environment steps of one seed; both 1-d and of one length, steps rising."""

    steps: np.ndarray
    returns: np.ndarray

    @classmethod
    def of(cls, rows: Sequence[MetricsRow]) -> Curve:
        """Return the curve of a run: the mean return of its latest episodes, once there is one."""
        points = [(row.step, row.return_mean) for row in rows if np.isfinite(row.return_mean)]
        return cls(*np.array(points, float).reshape(-1, 2).T)


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


def draw_seed_curves(
    path: Path, title: str, curves: Sequence[Curve], total_steps: int, evaluation: tuple[float, str] | None
) -> None:
    """Draw the picture of several seeds.

    Args:
        path: of the PNG file.
        title: of the picture.
        curves: one for each seed, at least one.
        total_steps: environment steps of a whole run.
        evaluation: mean return over the seeds, and its label; None if there is none.
    """
    figure = new_figure(8, 4.5)
    axes = figure.add_subplot()
    draw_spread(axes, curves)
    if evaluation is not None:
        axes.axhline(evaluation[0], color=GREEN, linestyle="--", linewidth=1.2, label=evaluation[1])
    steps_on_x(axes, total_steps)
    axes.set(xlabel="environment steps", ylabel="episode return")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False, fontsize=9, ncols=1)
    figure.suptitle(title, fontsize=13, fontweight="bold")
    save_figure(figure, path)
