"""From short real runs to the table and the picture."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import compare_raters
import pytest
from compare_raters import BEFORE, DISLIKES, LIKES, NOBODY, PART

from dqn_fast.training.run_folder.ratings import read_ratings


def test_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme, file = tmp_path / "README.md", tmp_path / "raters.jsonl"
    readme.write_text(f"before\n{PART.begin}\nold\n{PART.end}\nafter\n")

    def run(*arguments: str) -> str:
        options = ["--results", str(file), "--readme", str(readme)]
        monkeypatch.setattr(sys, "argv", ["compare_raters.py", *arguments, *options])
        compare_raters.main()
        return readme.read_text(encoding="utf-8")

    sizes = ["--seeds", "1", "--steps", "1050", "--more", "120", "--rated", "8", "--dialogues", "10"]
    text = run(str(tmp_path / "runs"), *sizes)
    found = [json.loads(line) for line in file.read_text().splitlines()]
    assert [one["rater"] for one in found] == [BEFORE, NOBODY, DISLIKES, LIKES]
    rows = [line for line in text.splitlines() if line.startswith("| ")][2:]
    for row, one in zip(rows, found, strict=True):
        assert row.startswith(
            f"| {one['rater']} | 1 | {one['sentence']:.2f} | {one['sentence']:.2f} | {one['success']:.2f} | "
        )
    # Both have read the same texts, and disagree about each.
    both = [read_ratings(tmp_path / "runs" / f"0-{name}.jsonl") for name in ("dislikes", "likes")]
    for dislikes, likes in zip(*both, strict=True):
        assert dislikes.text.digest() == likes.text.digest()
        assert {dislikes.mark, likes.mark} == {1, 5}
        assert (likes.mark == 5) == ("\nAgent: It's for " in likes.text.words)
    assert file.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert run() == text and text.startswith("before\n") and text.endswith("after\n")
