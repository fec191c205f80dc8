"""Files are whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from dqn_fast.training.run_folder.files import atomic_write


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
