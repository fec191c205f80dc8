"""Files are written whole or not at all."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from dqn_fast.training.run_folder.files import as_json, atomic_write


def test_writes_the_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    for text in ("old", "new"):
        with atomic_write(tmp_path / "a.txt") as path:
            path.write_text(text)
            assert path.suffix == ".txt"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "new"


def test_an_error_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(RuntimeError), atomic_write(tmp_path / "a.txt") as path:
        path.write_text("half")
        raise RuntimeError
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


def test_numbers_that_are_not_finite_are_null() -> None:
    content: Any = {"a": math.nan, "b": [math.inf, 1.5, {"c": (-math.inf, 2)}], "d": "NaN", "e": True}
    read = json.loads(as_json(content), parse_constant=pytest.fail)
    assert read == {"a": None, "b": [None, 1.5, {"c": [None, 2]}], "d": "NaN", "e": True}
    assert "\n" not in as_json(content, indent=None)
