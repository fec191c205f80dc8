"""The results of trainings in small files, from which table and picture are made.

There is one file for each environment and label. A label, such as the name of a preset, marks runs with other
settings than the environment's own preset.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dqn_fast.training.reports import Curve, read_rows
from dqn_fast.training.run_folder.files import as_json
from dqn_fast.training.run_folder.finished import FinishedRun, SeedRuns, by_settings
from dqn_fast.training.run_folder.layout import METRICS

POINTS = 100  # kept of each curve
DIGITS = 5  # kept of each return


class Scores(NamedTuple):
    """The runs of one environment with the same settings, the learning curve of each, and their label."""

    seeds: SeedRuns
    curves: list[Curve]
    label: str = ""

    @property
    def title(self) -> str:
        """The environment's name, and the label if there is one."""
        return f"{self.seeds.env_id} ({self.label})" if self.label else self.seeds.env_id


def from_runs(runs: Iterable[FinishedRun], label: str = "") -> list[Scores]:
    """Return the scores of runs in their folders, sorted by the environment's name.

    Raises:
        ValueError: if runs of one environment differ in their steps or other settings.
    """
    return [
        Scores(seeds, [thinned(Curve.of(read_rows(run.folder / METRICS))) for run in seeds.runs], label)
        for seeds in _one_for_each_environment(runs)
    ]


def write(folder: Path, scores: Scores) -> Path:
    """Write the file of an environment and label, over an older one: a line of JSON for each seed."""
    name = "-".join(filter(None, [scores.seeds.env_id, scores.label]))
    path = folder / f"{re.sub('[^0-9A-Za-z._-]+', '-', name)}.jsonl"
    lines = [
        as_json(
            {"label": scores.label, "result": run.result, "config": run.config, "curve": _rounded(curve)},
            indent=None,
        )
        for run, curve in zip(scores.seeds.runs, scores.curves, strict=True)
    ]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def read_all(folder: Path) -> list[Scores]:
    """Return the scores of all files in a folder, sorted by the environment's name and the label.

    Raises:
        ValueError: if there is no file, or one holds several environments or settings.
    """
    found = sorted((_read(path) for path in folder.glob("*.jsonl")), key=lambda one: one.title)
    if not found:
        raise ValueError(f"{folder}: got no scores, expected some: name folders of runs first")
    return found


def _read(path: Path) -> Scores:
    runs, curves, label = [], {}, ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        found = json.loads(line)
        label = found["label"]
        run = FinishedRun(path / str(number), found["result"], found["config"])
        runs.append(run)
        curves[run.folder] = Curve(*(np.array(found["curve"][name]) for name in Curve._fields))
    groups = _one_for_each_environment(runs)
    if len(groups) != 1:
        raise ValueError(f"{path}: got {len(groups)} environments, expected 1")
    return Scores(groups[0], [curves[run.folder] for run in groups[0].runs], label)


def thinned(curve: Curve) -> Curve:
    """Return at most `POINTS` points of a curve, evenly spread, with the first and the last."""
    count = len(curve.steps)
    keep = np.unique(np.linspace(0, count - 1, min(POINTS, count)).round().astype(int))
    return Curve(curve.steps[keep], curve.returns[keep])


def _one_for_each_environment(runs: Iterable[FinishedRun]) -> list[SeedRuns]:
    groups = by_settings(runs)
    for one, following in pairwise(groups):
        if one.env_id == following.env_id:
            folders = f"{one.runs[0].folder}, {following.runs[0].folder}"
            raise ValueError(f"{one.env_id}: got runs of different steps or settings, such as {folders}")
    return groups


def _rounded(curve: Curve) -> dict[str, list[float]]:
    return {
        "steps": curve.steps.astype(int).tolist(),
        "returns": [float(f"{value:.{DIGITS}g}") for value in curve.returns],
    }
