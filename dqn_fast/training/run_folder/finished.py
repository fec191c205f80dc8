"""Finds finished runs below folders, and groups those that differ only in their seed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dqn_fast.errors import UsageError
from dqn_fast.training.config import DEFAULTS
from dqn_fast.training.run_folder.files import with_infinity
from dqn_fast.training.run_folder.layout import CONFIG, RESULT
from dqn_fast.training.run_folder.result import require_types

# Settings that change reports, but not the training.
_REPORTING_ONLY = (
    "env_id",
    "seed",
    "checkpoint_period",
    "cluster",
    "keep_checkpoint",
    "log_period",
    "return_window",
    "save_memory",
    "threads",
)
_RESULT_NEEDS = ("env_id", "seed", "steps", "interrupted", "eval_return_mean")


class FinishedRun(NamedTuple):
    """A run that is finished.

    Attributes:
        folder: of the run.
        result: content of its result.json.
        config: content of its config.json; empty if there is none.
    """

    folder: Path
    result: dict[str, Any]
    config: dict[str, Any]

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that decide how good the agent becomes, except the seed."""
        settings = {**DEFAULTS, **with_infinity(self.config)} if self.config else {}
        return {name: value for name, value in settings.items() if name not in _REPORTING_ONLY}


class Score(NamedTuple):
    """Mean and standard deviation (divided by their number) over seeds, and the number of seeds."""

    mean: float
    std: float
    seeds: int

    def __str__(self) -> str:
        # The spread of one seed is unknown, not zero.
        return f"{self.mean:.1f}" if self.seeds == 1 else f"{self.mean:.1f} ± {self.std:.1f}"


class SeedRuns(NamedTuple):
    """Runs with equal environment, length and settings, one for each seed, in order of the seeds."""

    env_id: str
    steps: int
    runs: list[FinishedRun]

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of all these runs."""
        return self.runs[0].settings

    def score(self, name: str) -> Score | None:
        """Return the score over seeds of a number in result.json; None if it is not finite in a run.

        Args:
            name: of the number, such as eval_return_mean.
        """
        values = np.array([run.result.get(name) for run in self.runs], float)  # None is NaN
        if not np.isfinite(values).all():
            return None
        return Score(float(values.mean()), float(values.std()), len(values))


def find_runs(folders: Sequence[Path]) -> tuple[list[FinishedRun], list[Path]]:
    """Return the finished runs in and below folders, and the folders of interrupted ones.

    Raises:
        UsageError: if there is no finished run, or a file of one cannot be read.
    """
    finished, interrupted = [], []
    paths = {path for folder in folders for path in folder.rglob(RESULT)}
    for path in sorted(paths):
        config = path.with_name(CONFIG)
        run = FinishedRun(path.parent, _read_result(path), _read(config) if config.exists() else {})
        if run.result["interrupted"]:
            interrupted.append(run.folder)
        else:
            finished.append(run)
    if not finished:
        names = ", ".join(map(str, folders))
        raise UsageError(f"{names}: got no finished run, expected a {RESULT} there or below")
    return finished, interrupted


def by_settings(runs: Iterable[FinishedRun]) -> list[SeedRuns]:
    """Return the runs in groups, sorted by environment and steps.

    Of several runs with the same seed, only the one whose folder comes last by name counts.
    """
    groups: dict[tuple[str, int, str], dict[int, FinishedRun]] = {}
    for run in sorted(runs, key=lambda run: run.folder):
        settings = json.dumps(run.settings, sort_keys=True)
        key = run.result["env_id"], run.result["steps"], settings
        groups.setdefault(key, {})[run.result["seed"]] = run
    return [
        SeedRuns(env_id, steps, [seeds[seed] for seed in sorted(seeds)])
        for (env_id, steps, _), seeds in sorted(groups.items(), key=lambda item: item[0])
    ]


def _read_result(path: Path) -> dict[str, Any]:
    result = _read(path)
    missing = [name for name in _RESULT_NEEDS if name not in result]
    if missing:
        raise UsageError(f"{path}: got no {', '.join(missing)}, expected the result of a run")
    require_types(path, result)
    return result


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise UsageError(f"{path}: got {type(content).__name__}, expected an object")
    return content
