"""No run overwrites another by accident."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from dqn_fast.training import TrainConfig, UsageError
from dqn_fast.training.multi_seed import train_seeds
from dqn_fast.training.run_folder.layout import default_run_folder, folder_lock, prepare_folder

NOW = datetime(2030, 1, 2, 3, 4, 5)


def test_the_default_is_new_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = []
    for _ in range(3):
        folder = default_run_folder("ALE/Pong-v5", range(7, 8), NOW)
        prepare_folder(folder, overwrite=False)
        names.append(folder.as_posix())
    stem = "runs/ALE-Pong-v5-seed7-20300102-030405"
    assert names == [stem, f"{stem}-2", f"{stem}-3"]
    several = default_run_folder("ALE/Pong-v5", range(7, 10), NOW)
    assert several.as_posix() == "runs/ALE-Pong-v5-seeds7-9-20300102-030405"


@pytest.mark.parametrize("name", ["config.json", "model.pt", "metrics.csv", "events.out.tfevents.1.host"])
def test_a_folder_with_a_run_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("precious")
    with pytest.raises(UsageError) as caught:
        prepare_folder(tmp_path, overwrite=False)
    assert str(caught.value) == (f"{tmp_path}: got a run already ({name}), expected none")
    assert (tmp_path / name).read_text() == "precious"


def test_overwrite_deletes_the_runs_files_and_no_others(tmp_path: Path) -> None:
    for name in ("config.json", "events.out.tfevents.1.host", "notes.txt"):
        (tmp_path / name).write_text("x")
    prepare_folder(tmp_path, overwrite=True)
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("name", ["group.json", "seed-0.log", "seed-3/config.json"])
def test_a_folder_with_a_group_is_refused_as_well(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("precious")
    with pytest.raises(UsageError, match="got a run already"):
        prepare_folder(tmp_path, overwrite=False)
    assert (tmp_path / name).read_text() == "precious"
    prepare_folder(tmp_path, overwrite=True)
    assert not (tmp_path / name).exists()


def test_a_run_that_broke_at_once_is_in_nobodys_way(tmp_path: Path) -> None:
    """As after a crash of the environment in its first step."""
    for seed in (tmp_path / "seed-0", tmp_path / "seed-1"):
        seed.mkdir()
        for name in ("config.json", "metrics.csv", "events.out.tfevents.1.host"):
            (seed / name).write_text("step,updates\n")
    (tmp_path / "group.json").write_text("{}")
    prepare_folder(tmp_path / "seed-0", overwrite=False)
    assert not list((tmp_path / "seed-0").iterdir())
    prepare_folder(tmp_path, overwrite=False)
    assert {path.name for path in tmp_path.iterdir()} == {"seed-0", "seed-1"}

    (tmp_path / "metrics.csv").write_text("step,updates\n500,0\n")
    with pytest.raises(UsageError, match=r"got a run already \(metrics\.csv\)"):
        prepare_folder(tmp_path, overwrite=False)


def test_a_group_whose_run_goes_on_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "seed-0").mkdir()
    (tmp_path / "seed-0" / "model.pt").write_text("precious")
    with (
        folder_lock(tmp_path / "seed-1"),
        pytest.raises(UsageError, match="seed-1: got a run going on there"),
    ):
        prepare_folder(tmp_path, overwrite=True)
    assert (tmp_path / "seed-0" / "model.pt").read_text() == "precious"


def test_a_group_is_not_made_where_a_run_goes_on(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_text("precious")
    with folder_lock(tmp_path), pytest.raises(UsageError, match="got a run going on there"):
        train_seeds(TrainConfig("CartPole-v1"), range(2), tmp_path, jobs=1, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["model.pt"]


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match=r"^cannot write to .*file/run: Not a directory$"):
        prepare_folder(tmp_path / "file" / "run", overwrite=False)


def test_one_process_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with (
        folder_lock(folder),
        pytest.raises(UsageError, match="run: got a run going on there"),
        folder_lock(folder),
    ):
        pass
    with folder_lock(folder):
        assert folder.is_dir()
    assert not list(folder.iterdir())
    (tmp_path / "file").touch()
    with (
        pytest.raises(UsageError, match=r"^cannot write to .*file/run"),
        folder_lock(tmp_path / "file" / "run"),
    ):
        pass
