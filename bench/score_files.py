"""Results of trainings as small files, one for each environment: what README's scores are made from."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dqn_fast.training.finished import FinishedRun, Seeds, by_settings
from dqn_fast.training.reports import Curve, read_rows
from dqn_fast.training.run_folder import METRICS

POINTS = 100  # of each curve that are kept
DIGITS = 5


class Scores(NamedTuple):
    """The runs of one environment, and the learning curve of each."""

    seeds: Seeds
    curves: list[Curve]


def from_runs(runs: Iterable[FinishedRun]) -> list[Scores]:
    """Of runs in their folders, sorted by the environment's name.

    Raises:
        ValueError: if an environment comes with more than one number of steps or other settings.
    """
    return [
        Scores(seeds, [thinned(Curve.of(read_rows(run.folder / METRICS))) for run in seeds.runs])
        for seeds in _one_for_each_environment(runs)
    ]


def write(folder: Path, scores: Scores) -> Path:
    """Writes the file of an environment, in place of an older one: one line of JSON for each seed."""
    path = folder / f"{scores.seeds.env_id.replace('/', '-').replace(':', '-')}.jsonl"
    lines = [
        json.dumps({"result": run.result, "config": run.config, "curve": _rounded(curve)})
        for run, curve in zip(scores.seeds.runs, scores.curves, strict=True)
    ]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def read_all(folder: Path) -> list[Scores]:
    """Of all files in a folder, sorted by the environment's name.

    Raises:
        ValueError: if there is none, or two are for one environment.
    """
    runs, curves = [], {}
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
            found = json.loads(line)
            run = FinishedRun(path / str(number), found["result"], found["config"])
            runs.append(run)
            curves[run.folder] = Curve(*(np.array(found["curve"][name]) for name in Curve._fields))
    if not runs:
        raise ValueError(f"{folder}: got no scores, expected some: name folders of runs first")
    return [
        Scores(seeds, [curves[run.folder] for run in seeds.runs]) for seeds in _one_for_each_environment(runs)
    ]


def thinned(curve: Curve) -> Curve:
    """At most so many points of a curve, evenly spread, the first and the last among them."""
    count = len(curve.steps)
    keep = np.unique(np.linspace(0, count - 1, min(POINTS, count)).round().astype(int))
    return Curve(curve.steps[keep], curve.returns[keep])


def _one_for_each_environment(runs: Iterable[FinishedRun]) -> list[Seeds]:
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
