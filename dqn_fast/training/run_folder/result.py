"""result.json: a run in numbers, for tables and for other programs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

from dqn_fast.errors import UsageError
from dqn_fast.training.run_folder.files import as_json, atomic_write
from dqn_fast.training.run_folder.layout import RESULT


@dataclass(frozen=True)
class Result:
    """What became of a run; a number that is not finite, such as a return of NaN, is None.

    Attributes:
        env_id: Gymnasium id of the environment.
        seed: of the run.
        steps: environment steps made; an observer may have ended the training early.
        updates: learner updates made.
        wall_seconds: from the first step to the last, with the evaluations in between; imports, the last
            evaluation and pictures are not in it.
        steps_per_second: steps / wall_seconds.
        train_return_mean: mean undiscounted return of the latest `return_window` episodes of the training,
            with their exploration; None if none was finished.
        train_return_std: standard deviation of those returns, None likewise.
        train_episodes: how many they are.
        eval_return_mean: mean undiscounted return of the model's evaluation, None if the run was interrupted.
            The model are the weights that did best in a selection, or the last.
        eval_return_std: standard deviation of those returns, None likewise.
        eval_episodes: episodes of the evaluation, 0 likewise.
        interrupted: Ctrl-C, or a number that is not finite, ended the run early.
        model_step: environment step of the weights that were kept.
        version: of dqn_fast; "unknown" where an older result does not say.
        last_return_mean: mean undiscounted return of the last weights in the same episodes, None if the run
            was interrupted, or in an older result.
        last_return_std: standard deviation of those returns, None likewise.
        selection_steps: environment steps, beside `steps`, of the evaluations that chose the model's weights;
            None in an older result, or after a checkpoint of version 0.1.0.
        evaluation_steps: environment steps of the evaluations after the training, 0 if the run was
            interrupted, None in an older result.
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


def save_result(folder: Path, result: Result) -> None:
    """Write result.json."""
    with atomic_write(folder / RESULT) as path:
        path.write_text(as_json(asdict(result)) + "\n", encoding="utf-8")


def complete_result(folder: Path) -> Result | None:
    """Return the result of a run that came to its end, None if it has not.

    Raises:
        UsageError: there is a result.json, but not of a run of this version.
    """
    result = load_result(folder) if (folder / RESULT).exists() else None
    return result if result and not result.interrupted else None


def load_result(folder: Path) -> Result:
    """Read result.json.

    Raises:
        UsageError: there is none, or it is not the result of a run of this version.
    """
    path = folder / RESULT
    known = {field.name for field in fields(Result)}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        require_types(path, found)
        return Result(**{name: value for name, value in found.items() if name in known})
    except OSError as error:
        raise UsageError(f"{folder} has no result: cannot read {path.name} ({error.strerror})") from error
    except UsageError:
        raise
    except (AttributeError, TypeError, ValueError) as error:
        raise UsageError(f"{path} is not a result of this version: {error}") from error


def require_types(path: Path, found: dict[str, Any]) -> None:
    """Check what a result.json says.

    Args:
        path: of the file.
        found: its content; fields that are no result's are not looked at.

    Raises:
        UsageError: a value is of another type than the result's.
    """
    for name, hint in get_type_hints(Result).items():
        types = get_args(hint) or (hint,)
        if name in found and type(found[name]) not in (*types, *((int,) if float in types else ())):
            expected = " or ".join("null" if one is type(None) else one.__name__ for one in types)
            raise UsageError(f"{path}: {name}: got {found[name]!r}, expected {expected}")
