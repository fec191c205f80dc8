"""Instruction counts and their bounds."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from count_instructions import BOUNDS, above, count, table

VALGRIND = """#!{python}
import sys
print("==1== Collected : {collected}", file=sys.stderr)
"""


def test_three_percent_more_pass_and_four_do_not() -> None:
    assert above({"add": 103, "sample": 104}, {"add": 100, "sample": 100}) == ["sample"]


def test_an_operation_without_a_bound_fails() -> None:
    assert above({"add": 1}, {}) == ["add"]


def test_the_table_shows_counts_bounds_and_the_change() -> None:
    assert table({"add": 1100}, {"add": 1000})[1].split() == ["add", "1,100", "1,000", "+10.0%"]


def test_the_bounds_are_of_the_operations_that_are_counted() -> None:
    source = (BOUNDS.parents[2] / "tests" / "cpp" / "hot_paths.cpp").read_text()
    bounds = json.loads(BOUNDS.read_text())
    assert bounds and all(f'"{name}"' in source and bound > 0 for name, bound in bounds.items())


@pytest.mark.skipif(os.name != "posix", reason="a script stands in for valgrind")
@pytest.mark.parametrize(("collected", "each"), [("20000", 100), ("0", None)])
def test_a_count_is_that_of_one_repeat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, collected: str, each: int | None
) -> None:
    valgrind = tmp_path / "valgrind"
    valgrind.write_text(VALGRIND.format(python=sys.executable, collected=collected))
    valgrind.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    if each is None:
        with pytest.raises(ValueError, match="add: got no instructions"):
            count(Path("hot_paths"), "add")
    else:
        assert count(Path("hot_paths"), "add") == each
