"""The common style of all pictures."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from dqn_fast.training.run_folder.files import atomic_write

BLUE, ORANGE, GREEN, GREY = "#2a6f97", "#bc6c25", "#2d6a4f", "#6c757d"

#: What a run's x axis counts, by `TrainConfig.unit`.
X_LABELS = {"steps": "environment steps", "updates": "learner updates"}


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure; width and height are in inches."""
    # Not pyplot, which keeps global state and may need a display.
    figure = Figure(figsize=(width, height), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def style(axes: Axes) -> None:
    """Draw a grid behind the data and no frame."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#dee2e6", linewidth=0.6)
    axes.set_axisbelow(True)


def steps_on_x(axes: Axes, last_step: float) -> None:
    """Label the x axis with environment steps from 0 to the last, as in 10k and 1M."""
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.set_xlim(0, max(last_step, 1.0))


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG."""
    with atomic_write(path) as partial:
        figure.savefig(partial)
