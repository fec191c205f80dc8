"""learning_curve.png: return with its spread, ε and loss over environment steps, or over learner updates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter

from dqn_fast.training.config import TrainConfig
from dqn_fast.training.evaluation.evaluate import Evaluation
from dqn_fast.training.metrics import MetricsRow
from dqn_fast.training.reports.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    X_LABELS,
    new_figure,
    save_figure,
    steps_on_x,
    style,
)


def draw_learning_curve(
    path: Path,
    config: TrainConfig,
    rows: Sequence[MetricsRow],
    evaluation: Evaluation | None,
    last: Evaluation | None = None,
) -> None:
    """Draw the picture of a run.

    Args:
        path: of the PNG file.
        config: of the run.
        rows: metrics of the run, in order.
        evaluation: of the model; None if there is none.
        last: evaluation of the last weights; None if there is none. Not drawn if they are the model.
    """
    columns = {name: np.array([getattr(row, name) for row in rows], float) for name in MetricsRow._fields}
    steps = columns["step"]
    figure = new_figure(8, 7)
    grid = figure.add_gridspec(3, 1, height_ratios=[3, 1, 1])
    returns = figure.add_subplot(grid[0])
    figures = figure.add_subplot(grid[1], sharex=returns)
    loss = figure.add_subplot(grid[2], sharex=returns)

    _draw_returns(returns, columns, config)
    differs = evaluation is not None and last is not None and last is not evaluation
    lines = (evaluation, GREEN, ", best weights" if differs else ""), (last, GREY, ", last weights")
    for found, color, weights in lines if differs else lines[:1]:
        if found is not None:
            label = f"evaluation: {found}{weights}"
            returns.axhline(found.mean, color=color, linestyle="--", linewidth=1.2, label=label)
    if returns.get_legend_handles_labels()[0]:
        returns.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False, fontsize=9)
    if config.offline is None:
        figures.plot(steps, columns["epsilon"], color=ORANGE)
        figures.set(ylabel="ε", ylim=(0, 1.05 * max(config.epsilon_begin, config.epsilon_end, 1e-3)))
    else:
        figures.plot(steps, columns["q"], color=ORANGE)
        figures.set(ylabel="log-probability" if config.objective == "bc" else "q")
    loss.plot(steps, columns["loss"], color=GREY)
    name = config.loss if config.objective in ("td", "mc") else config.objective
    loss.set(ylabel=f"{name} loss", xlabel=X_LABELS[config.unit])
    positive = columns["loss"][columns["loss"] > 0]
    if positive.size and positive.max() > 20 * positive.min():
        loss.set_yscale("log")
        loss.yaxis.set_minor_formatter(NullFormatter())
    else:
        loss.set_ylim(bottom=0)

    for axes in (returns, figures, loss):
        style(axes)
    for axes in (returns, figures):
        axes.tick_params(labelbottom=False)
    steps_on_x(loss, steps[-1] if len(steps) else config.total_steps)
    figure.align_ylabels()
    figure.suptitle(f"{config.env_id}, seed {config.seed}", fontsize=13, fontweight="bold")
    save_figure(figure, path)


def band(columns: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds of mean ± standard deviation of the returns, within their minimum and maximum."""
    mean, std = columns["return_mean"], columns["return_std"]
    # fmin and fmax ignore NaN: older rows have no minimum and maximum.
    return np.fmax(mean - std, columns["return_min"]), np.fmin(mean + std, columns["return_max"])


def _draw_returns(axes: Axes, columns: dict[str, np.ndarray], config: TrainConfig) -> None:
    axes.set_ylabel("episode return")
    steps, mean, evaluated = columns["step"], columns["return_mean"], columns["eval_return_mean"]
    found = np.isfinite(evaluated)
    if found.any():
        label = "evaluations during the training (ε = 0), which choose the best weights"
        axes.plot(steps[found], evaluated[found], color=GREEN, marker="o", markersize=3, label=label)
    if config.offline is not None:
        return
    axes.fill_between(steps, *band(columns), color=BLUE, alpha=0.2, linewidth=0)
    axes.plot(
        steps,
        mean,
        color=BLUE,
        label=f"training: mean ± standard deviation of the last {config.return_window} episodes",
    )
