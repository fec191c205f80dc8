"""result.json and group.json are standard JSON for any returns, and are read back."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from dqn_fast.training import Result, UsageError
from dqn_fast.training.multi_seed.result import MultiSeedResult, Outcome, save_multi_seed_result
from dqn_fast.training.run_folder.result import complete_result, load_result, save_result

FIELDS: dict[str, Any] = {
    "env_id": "A-v0",
    "seed": 1,
    "steps": 10,
    "updates": 5,
    "wall_seconds": 1.0,
    "steps_per_second": 10.0,
    "train_return_mean": -math.inf,
    "train_return_std": math.nan,
    "train_episodes": 2,
    "eval_return_mean": math.nan,
    "eval_return_std": math.nan,
    "eval_episodes": 3,
    "interrupted": False,
    "model_step": 10,
}
RESULT = Result(**FIELDS)


def strict(path: Path) -> Any:
    return json.loads(path.read_text(), parse_constant=pytest.fail)


def test_returns_that_are_not_finite_are_null(tmp_path: Path) -> None:
    save_result(tmp_path, RESULT)
    content = strict(tmp_path / "result.json")
    assert content["eval_return_mean"] is content["eval_return_std"] is content["train_return_mean"] is None
    again = complete_result(tmp_path)
    assert again is not None
    assert again.eval_return_mean is None
    assert again.eval_episodes == 3


def test_of_several_seeds_too(tmp_path: Path) -> None:
    save_result(tmp_path, RESULT)
    outcomes = [Outcome(seed, tmp_path, "done", RESULT) for seed in (0, 1)]
    save_multi_seed_result(tmp_path, MultiSeedResult("A-v0", outcomes, False))
    content = strict(tmp_path / "group.json")
    assert content["eval_return_mean"] is None
    assert [one["result"]["eval_return_mean"] for one in content["seeds"]] == [None, None]
    assert str(Outcome(0, tmp_path, "done", load_result(tmp_path))) == "done after 10 steps"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("env_id", 5, "str"),
        ("steps", "x", "int"),
        ("steps", 1.5, "int"),
        ("steps", True, "int"),
        ("interrupted", 0, "bool"),
        ("wall_seconds", None, "float"),
        ("eval_return_mean", [], "float or null"),
    ],
)
def test_a_value_of_another_type_is_named(tmp_path: Path, name: str, value: Any, expected: str) -> None:
    save_result(tmp_path, RESULT)
    path = tmp_path / "result.json"
    path.write_text(json.dumps({**strict(path), name: value}))
    with pytest.raises(UsageError) as caught:
        load_result(tmp_path)
    assert str(caught.value) == f"{path}: {name}: got {value!r}, expected {expected}"
