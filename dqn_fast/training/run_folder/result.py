"""result.json: a run in numbers, for tables and for other programs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

from dqn_fast.errors import UsageError
from dqn_fast.training.run_folder.files import as_json, atomic_write
from dqn_fast.training.run_folder.layout import RESULT


@dataclass(frozen=True)
class Result:
    """The result of a run; numbers that are not finite, such as a return of NaN, are None.

    Attributes:
        env_id: Gymnasium id of the environment.
        seed: of the run.
        steps: environment steps made, or learner updates from data alone; an observer may have ended the
            training early.
        updates: learner updates made.
        wall_seconds: seconds from the first step to the last, with the evaluations in between, but without
            imports, the last evaluation and pictures.
        steps_per_second: steps / wall_seconds.
        train_return_mean: mean undiscounted return of the latest `return_window` episodes of the training,
            with exploration; None if no episode was finished.
        train_return_std: standard deviation of those returns; None if no episode was finished.
        train_episodes: number of those returns.
        eval_return_mean: mean undiscounted return of the model's evaluation; None if the run was interrupted.
            The model is the best weights of the selection, or the last weights without one.
        eval_return_std: standard deviation of those returns; None if the run was interrupted.
        eval_episodes: episodes of the evaluation; 0 if the run was interrupted.
        interrupted: whether Ctrl-C, or a number that is not finite, ended the run early.
        model_step: environment step of the model's weights.
        version: of dqn_fast; "unknown" in an older result.
        last_return_mean: mean undiscounted return of the last weights on the same episodes; None if the run
            was interrupted, or in an older result.
        last_return_std: standard deviation of those returns; None if there are none.
        selection_steps: environment steps, beside `steps`, of the evaluations that chose the model's weights;
            None in an older result, or after a checkpoint of version 0.1.0.
        unit: what `steps` and `model_step` count: environment "steps", or learner "updates" from data alone.
        evaluation_steps: environment steps of the evaluations after the training; 0 if the run was
            interrupted, None in an older result.
        figures: what the environment reports at the end of episodes, in the mean over the evaluation, and
            what else was measured of the model; where it is read from a file, numbers alone. In the file they
            stand beside the other numbers, by their own names; one whose name is taken there has "env_"
            before it.
    """

    env_id: str
    seed: int
    steps: int
    updates: int
    wall_seconds: float
    steps_per_second: float
    train_return_mean: float | None
    train_return_std: float | None
    train_episodes: int
    eval_return_mean: float | None
    eval_return_std: float | None
    eval_episodes: int
    interrupted: bool
    model_step: int
    version: str = "unknown"
    last_return_mean: float | None = None
    last_return_std: float | None = None
    selection_steps: int | None = None
    evaluation_steps: int | None = None
    unit: str = "steps"
    figures: dict[str, Any] = field(default_factory=dict)

    def flat(self) -> dict[str, Any]:
        """Return what the file holds."""
        numbers = asdict(self)
        figures = numbers.pop("figures")
        return {**numbers, **{_free_name(name): value for name, value in figures.items()}}


_KNOWN = {field.name for field in fields(Result)} - {"figures"}


def _free_name(name: str) -> str:
    return f"env_{name}" if name in _KNOWN else name


def save_result(folder: Path, result: Result) -> None:
    """Write result.json."""
    with atomic_write(folder / RESULT) as path:
        path.write_text(as_json(result.flat()) + "\n", encoding="utf-8")


def complete_result(folder: Path) -> Result | None:
    """Return the result of a complete run; None if the run is not complete.

    Raises:
        UsageError: if there is a result.json, but not of a run of this version.
    """
    result = load_result(folder) if (folder / RESULT).exists() else None
    return result if result and not result.interrupted else None


def load_result(folder: Path) -> Result:
    """Read result.json.

    Raises:
        UsageError: if there is none, or it is not the result of a run of this version.
    """
    path = folder / RESULT
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        require_types(path, found)
        figures = {name: found.pop(name) for name in sorted(set(found) - _KNOWN)}
        numbers = {name: value for name, value in figures.items() if type(value) in (int, float)}
        return Result(**found, figures=numbers)
    except OSError as error:
        raise UsageError(f"{folder} has no result: cannot read {path.name} ({error.strerror})") from error
    except UsageError:
        raise
    except (AttributeError, TypeError, ValueError) as error:
        raise UsageError(f"{path} is not a result of this version: {error}") from error


def require_types(path: Path, found: dict[str, Any]) -> None:
    """Check the types in a result.json.

    Args:
        path: of the file.
        found: its content; unknown fields are ignored, since they may be figures.

    Raises:
        UsageError: if a value has another type than in `Result`.
    """
    hints = get_type_hints(Result)
    for name in _KNOWN.intersection(found):
        types = get_args(hints[name]) or (hints[name],)
        if type(found[name]) not in (*types, *((int,) if float in types else ())):
            expected = " or ".join("null" if one is type(None) else one.__name__ for one in types)
            raise UsageError(f"{path}: {name}: got {found[name]!r}, expected {expected}")
