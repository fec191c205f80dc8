"""The picture: how many times faster ours is in each row of the table, and the cost against the size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullFormatter
from ratios import OURS, Measurement, Row, number, rows

COLORS = {
    OURS: "#b3261e",
    "cpprb": "#2a6f97",
    "SB3": "#bc6c25",
    "tianshou": "#2d6a4f",
    "tianshou, whole stacks": "#74a892",
    "torchrl": "#6a4c93",
    "NumPy": "#495057",
    "Python": "#adb5bd",
}
BAR, TEXT = "#f2d5d2", "#343a40"


def draw(path: Path, measurements: Sequence[Measurement]) -> None:
    """Draws a run, as PNG."""
    found = [row for row in rows(measurements) if row.rivals]
    # The object interface: pyplot would keep global state, and may want a display.
    figure = Figure(figsize=(13, 1.6 + 0.36 * max(len(found), 12)), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, width_ratios=[1.5, 1])
    _ratios(left, found)
    _curves(right, measurements)
    figure.savefig(path)


def _style(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=12, fontweight="bold", color=TEXT, pad=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=TEXT, labelsize=9.5)
    axes.grid(which="major", color="#dee2e6", linewidth=0.7)
    axes.set_axisbelow(True)


def _ratios(axes: Axes, found: Sequence[Row]) -> None:
    _style(axes, "Times faster than each rival, at the same work")
    names: dict[str, None] = {}
    for y, row in enumerate(found):
        if row.best is not None:
            axes.barh(y, row.best.times, left=0, height=0.62, color=BAR, zorder=1)
        for rival in row.rivals:
            names[rival.name] = None
            fill = COLORS[rival.name] if rival.counts else "white"
            axes.plot(rival.times, y, "o", ms=6.5, mfc=fill, mec=COLORS[rival.name], mew=1.4, zorder=3)
        if row.goal is not None:
            axes.plot([row.goal] * 2, [y - 0.4, y + 0.4], color="black", lw=1.8, zorder=2)
    axes.axvline(1, color=COLORS[OURS], lw=1.2, zorder=2)
    axes.set_xscale("log")
    axes.set_xlim(left=min(0.7, *(rival.times for row in found for rival in row.rivals)) * 0.85)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_yticks(range(len(found)), [row.title for row in found])
    axes.set_ylim(len(found) - 0.4, -0.6)
    axes.set_xlabel(
        "times ours (log scale); the bar ends at the best rival, the black line is the goal", color=TEXT
    )
    handles = [
        Line2D([], [], marker="o", ls="", ms=6.5, mfc=COLORS[name], mec=COLORS[name], label=name)
        for name in names
    ]
    axes.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.4, -0.09),
        ncols=len(handles),
        frameon=False,
        fontsize=9,
    )


def _curves(axes: Axes, measurements: Sequence[Measurement]) -> None:
    points = [one for one in measurements if one.curve is not None]
    _style(axes, points[0].curve or "" if points else "no sizes were measured")
    if not points:
        return
    first = {one.contender: one.normalization for one in reversed(points)}
    ends = []
    for name, normalization in first.items():
        costs: dict[int, list[float]] = {}
        for one in points:
            if (one.contender, one.normalization) == (name, normalization):
                costs.setdefault(one.size, []).append(one.median_us)
        sizes = sorted(costs)
        medians = [median(costs[size]) for size in sizes]
        width = 2.6 if name == OURS else 1.6
        axes.plot(sizes, medians, "o-", color=COLORS[name], lw=width, ms=5)
        ends.append((sizes[-1], medians[-1], name))
    axes.set_xscale("log")
    axes.set_yscale("log")
    for size, cost, name in ends:
        axes.annotate(
            name,
            (size, cost),
            (8, 0),
            textcoords="offset points",
            va="center",
            color=COLORS[name],
            fontsize=10,
        )
    largest = max(size for size, _, _ in ends)
    axes.set_xlim(right=largest * 6)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    axes.set_xlabel("transitions stored", color=TEXT)
    axes.set_ylabel("µs", color=TEXT)
