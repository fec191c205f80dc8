"""The picture: for each row of the table, how many times as long each rival takes; and cost against size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import EngFormatter, FuncFormatter, LogLocator, NullFormatter, NullLocator
from ratios import OURS, Measurement, Row, rows

COLORS = {
    OURS: "#b3261e",
    "cpprb": "#2a6f97",
    "rlox": "#b5838d",
    "RLlib": "#118ab2",
    "SB3": "#bc6c25",
    "tianshou": "#2d6a4f",
    "torchrl": "#7b4fa3",
    "NumPy": "#343a40",
    "Python": "#868e96",
}
BAR, TEXT, GRID = "#f4d9d6", "#343a40", "#e3e6e9"
TIMES = "\N{MULTIPLICATION SIGN}"
FARTHEST = 300.0  # times; slower rivals lie at the edge


def color_of(name: str) -> str:
    """Return the colour of a contender."""
    return COLORS.get(name, "#0b7285")


def draw(path: Path, measurements: Sequence[Measurement]) -> None:
    """Draw a run as a PNG file."""
    found = [row for row in rows(measurements) if row.rivals and row.goal is not None]
    # Not pyplot, which keeps global state and may want a display.
    figure = Figure(figsize=(13, 2.4 + 0.33 * max(len(found), 10)), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, width_ratios=[1.45, 1])
    _ratios(left, found)
    _curves(right, [one for one in measurements if one.curve is not None])
    names = dict.fromkeys(rival.name for row in found for rival in row.rivals)
    figure.legend(
        handles=[
            *(Line2D([], [], marker="o", ls="", ms=7, color=color_of(name), label=name) for name in names),
            Line2D(
                [], [], marker="o", ls="", ms=7, mfc="white", mec=TEXT, mew=1.5, label="a recipe, no rival"
            ),
            Patch(color=BAR, label="up to the best rival"),
            Line2D([], [], marker="|", ls="", ms=13, mew=2.2, color="black", label="our goal"),
        ],
        loc="outside lower center",
        ncols=len(names) + 3,
        frameon=False,
        fontsize=10,
    )
    figure.savefig(path, pil_kwargs={"optimize": True})


def _style(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=12, fontweight="bold", color=TEXT, pad=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=TEXT, labelsize=10)
    axes.set_axisbelow(True)


def _ratios(axes: Axes, found: Sequence[Row]) -> None:
    _style(axes, "How many times as long a rival takes")
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    least = min([0.7, *(rival.times for row in found for rival in row.rivals)])
    axes.set_xscale("log")
    axes.set_xlim(least / 1.15, FARTHEST * 1.15)
    for y, row in enumerate(found):
        if row.best is not None:
            axes.barh(y, row.best.times - 1, left=1, height=0.66, color=BAR)
        for rival in row.rivals:
            times, color = min(rival.times, FARTHEST), color_of(rival.name)
            # A hollow point is a recipe that is no rival; an arrow is farther than the axis goes.
            marker, fill = ("o" if times < FARTHEST else ">"), (color if rival.counts else "white")
            axes.plot(times, y, marker, ms=7, mfc=fill, mec=color, mew=1.5, zorder=3, clip_on=False)
        if row.goal is not None:
            axes.plot([row.goal] * 2, [y - 0.37, y + 0.37], color="black", lw=2.2, zorder=2)
    axes.axvline(1, color=COLORS[OURS], lw=1.3, zorder=1)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}{TIMES}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_yticks(range(len(found)), [_label(row) for row in found])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(found) - 0.4, -0.6)
    axes.set_xlabel("times ours, log scale (right of the red line ours is faster)", color=TEXT)


def _label(row: Row) -> str:
    return row.title if row.best is None else f"{row.title}   {row.best.times:.1f}{TIMES}"


def _curves(axes: Axes, points: Sequence[Measurement]) -> None:
    _style(axes, "Cost against size" if points else "No sizes were measured")
    if not points:
        return
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ends: dict[str, tuple[int, float]] = {}
    for name in dict.fromkeys(one.contender for one in points):
        theirs = [one for one in points if one.contender == name]
        normalization = theirs[0].normalization
        costs: dict[int, list[float]] = {}
        for one in theirs:
            if one.normalization == normalization:
                costs.setdefault(one.size, []).append(one.median_us)
        sizes = sorted(costs)
        medians = [median(costs[size]) for size in sizes]
        axes.plot(sizes, medians, "o-", color=color_of(name), lw=3 if name == OURS else 1.8, ms=6)
        ends[name] = sizes[-1], medians[-1]
    _name(axes, ends)
    axes.set_xlim(right=max(size for size, _ in ends.values()) * 6)
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("transitions stored, log scale", color=TEXT)
    axes.set_ylabel(f"µs for a {points[0].curve}, log scale", color=TEXT)


def _name(axes: Axes, ends: dict[str, tuple[int, float]]) -> None:
    """Write names at the ends of the curves; those of one size are moved apart where they would overlap."""
    low, high = np.log(axes.get_ylim())
    apart = 0.045 * (high - low)
    for size in {size for size, _ in ends.values()}:
        here = sorted((cost, name) for name, (at, cost) in ends.items() if at == size)
        for (_, name), height in zip(
            here, _spread([float(np.log(cost)) for cost, _ in here], apart), strict=True
        ):
            axes.annotate(
                name,
                (size, float(np.exp(height))),
                (9, 0),
                textcoords="offset points",
                va="center",
                color=color_of(name),
                fontsize=10.5,
                fontweight="bold" if name == OURS else "normal",
            )


def _spread(heights: Iterable[float], apart: float) -> list[float]:
    """Return rising heights, each moved up until it is at least `apart` from the one before."""
    result: list[float] = []
    for height in heights:
        result.append(max(height, result[-1] + apart) if result else height)
    return result
