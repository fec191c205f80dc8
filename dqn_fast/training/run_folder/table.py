"""A Markdown table of finished runs: one line for each environment and settings, over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dqn_fast.training.run_folder.finished import SeedRuns


def markdown(groups: Sequence[SeedRuns]) -> str:
    """Return the table in Markdown.

    The evaluation is of the model: the best weights of the selection, or the last weights without one. The
    last weights also have their own column. Empty columns are left out. Where an environment has several
    lines, the column "settings" shows the settings in which they differ.
    """
    differing = _differences(groups)
    columns = {
        "environment": [group.env_id for group in groups],
        "settings": [
            ", ".join(f"{name}={group.settings.get(name)}" for name in names)
            for group, names in zip(groups, differing, strict=True)
        ],
        "steps": [_length(group) for group in groups],
        "with selection": [steps_with_selection(group) for group in groups],
        "seeds": [str(len(group.runs)) for group in groups],
        "evaluation (ε = 0)": [_cell(group.score("eval_return_mean")) for group in groups],
        "last weights (ε = 0)": [_cell(group.score("last_return_mean")) for group in groups],
        "training, last episodes": [_cell(group.score("train_return_mean")) for group in groups],
        "steps/s": [_speed(group) for group in groups],
    }
    columns = {name: cells for name, cells in columns.items() if any(cells)}
    return markdown_table(columns, left=("environment", "settings"))


def markdown_table(columns: dict[str, list[str]], left: Sequence[str]) -> str:
    """Return a table in Markdown.

    Args:
        columns: cells by heading, all of one length.
        left: headings of the columns to align to the left; the others are aligned to the right.
    """
    lines = [list(columns), ["---" if name in left else "---:" for name in columns]]
    lines += [list(cells) for cells in zip(*columns.values(), strict=True)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def steps_with_selection(group: SeedRuns) -> str:
    """Return the environment steps of a run and of the evaluations that chose its weights, over seeds."""
    score = group.score("selection_steps")
    own = 0 if group.settings.get("offline") else group.steps
    return "" if score is None else f"{own + score.mean:,.0f}"


def _length(group: SeedRuns) -> str:
    return f"{group.steps:,}" + (" updates" if group.settings.get("offline") else "")


def _differences(groups: Sequence[SeedRuns]) -> list[list[str]]:
    """Return, for each group, the settings in which the groups of its environment and length differ."""
    result = []
    for group in groups:
        same = [one.settings for one in groups if (one.env_id, one.steps) == (group.env_id, group.steps)]
        names: dict[str, Any] = dict.fromkeys(name for settings in same for name in settings)
        result.append([name for name in names if any(one.get(name) != same[0].get(name) for one in same)])
    return result


def _cell(score: object) -> str:
    return "" if score is None else str(score)


def _speed(group: SeedRuns) -> str:
    score = group.score("steps_per_second")
    return "" if score is None else f"{score.mean:,.0f}"
