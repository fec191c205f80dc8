"""The picture of the scores: the learning curves of each environment and label, and the published score."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from published import PUBLISHED
from score_files import Scores

from dqn_fast.training.reports.seed_curves import draw_spread
from dqn_fast.training.reports.style import ORANGE, new_figure, save_figure, steps_on_x

COLUMNS = 3


def draw(path: Path, found: Sequence[Scores]) -> None:
    """Draw a small panel for each environment and label, as a PNG file."""
    columns = min(COLUMNS, len(found))
    rows = -(-len(found) // columns)
    figure = new_figure(4.2 * columns, 0.7 + 2.7 * rows)
    figure.set_dpi(100)  # a small file, because it is committed with each change of the scores
    handles = {}
    for number, scores in enumerate(found):
        axes = figure.add_subplot(rows, columns, number + 1)
        draw_spread(axes, scores.curves)
        seeds = scores.seeds
        published = PUBLISHED.get(seeds.env_id)
        if published is not None:
            axes.axhline(
                published.mean,
                color=ORANGE,
                linestyle="--",
                linewidth=1.4,
                label="published, at the end of training",
            )
        steps_on_x(axes, seeds.steps)
        count = len(seeds.runs)
        title = f"{seeds.env_id}, {count} seed{'s' * (count > 1)}"
        axes.set_title("\n".join(filter(None, [title, scores.label])), fontsize=10, fontweight="bold")
        if number % columns == 0:
            axes.set_ylabel("episode return")
        if number >= len(found) - columns:
            axes.set_xlabel("environment steps")
        handles.update(
            {label: handle for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
        )
    figure.legend(
        handles=list(handles.values()),
        loc="outside upper center",
        ncols=len(handles),
        frameon=False,
        fontsize=9,
    )
    save_figure(figure, path)
