"""The parts of README files that commands write."""

from __future__ import annotations

from pathlib import Path

import compare_memories
import compare_scores
import compare_token_bytes
import compare_trainings
import pytest
from readme_parts import README, Part

PART = Part("speed", "python speed.py")
ALL = [compare_memories.PART, compare_scores.PART, compare_token_bytes.PART, compare_trainings.PART]


def test_only_what_stands_between_the_markers_is_replaced(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{PART.begin}\nold\n{PART.end}\nafter\n")
    PART.write(readme, "new\nlines\n")
    assert readme.read_text() == f"before\n{PART.begin}\nnew\nlines\n{PART.end}\nafter\n"


@pytest.mark.parametrize("text", ["", PART.begin, PART.end + PART.begin, 2 * PART.begin + PART.end])
def test_a_readme_without_the_markers_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"README\.md: got .*, expected one of each"):
        PART.replaced(text, "new")


@pytest.mark.parametrize("part", ALL, ids=[part.name for part in ALL])
def test_the_readme_of_benchmarks_has_the_markers_and_the_commands_exist(part: Part) -> None:
    assert "new" in part.replaced(README.read_text(encoding="utf-8"), "new")
    assert (README.parents[1] / part.command.split()[1]).is_file()
