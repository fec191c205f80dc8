"""A full or read-only disk is one line, and costs only the file that had no room."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from training.short import short

import dqn_fast
from dqn_fast.cli import main
from dqn_fast.training import UsageError, evaluate_run, resume, train
from dqn_fast.training.reports import csv_report, tensorboard_report
from dqn_fast.training.run_folder import files
from dqn_fast.training.run_folder.layout import CHECKPOINTS, PARTIAL_CHECKPOINT

CONFIG = short("CartPole-v1", 400, log_period=50, checkpoint_period=150)
OPTIONS = (
    "CartPole-v1 --total-steps 400 --learning-starts 100 --hidden-sizes 8 --log-period 50"
    " --checkpoint-period 150 --selection-period 0 --eval-episodes 2"
)
FULL = "No space left on device"


def raise_full(*_: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def has_no_room_for(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let files of a name find a full disk when they are to be written there."""
    fsync = os.fsync

    def make(name: str) -> None:
        def check(descriptor: int) -> None:
            if Path(f"/proc/self/fd/{descriptor}").readlink().name.startswith((f"{name}.", f".{name}.")):
                raise_full()
            fsync(descriptor)

        monkeypatch.setattr(os, "fsync", check)

    return make


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="finds files in /proc")
@pytest.mark.parametrize("name", ["config", "state", "model", "learning_curve", "result"])
def test_each_file_is_named(tmp_path: Path, has_no_room_for: Any, name: str) -> None:
    has_no_room_for(name)
    said = "checkpoint-000000000150" if name == "state" else name
    with pytest.raises(UsageError, match=rf"^cannot write {tmp_path}/{said}[.a-z]*: {FULL}$"):
        train(CONFIG, tmp_path)
    assert (tmp_path / "model.pt").exists() == (name not in ("config", "model"))
    assert not (tmp_path / PARTIAL_CHECKPOINT).exists()
    assert not [path for path in tmp_path.iterdir() if "partial" in path.name]


def test_a_run_goes_on_when_there_is_room_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(csv_report, "write_all", fails_after(7, files.write_all))
        with pytest.raises(UsageError, match=rf"^cannot write {tmp_path}/metrics.csv: {FULL}$"):
            train(CONFIG, tmp_path)
    assert [path.name for path in tmp_path.glob(CHECKPOINTS)] == ["checkpoint-000000000300"]
    assert resume(tmp_path).evaluation
    train(CONFIG, tmp_path / "whole")
    assert (tmp_path / "model.pt").read_bytes() == (tmp_path / "whole" / "model.pt").read_bytes()


def fails_after(times: int, write: Any) -> Any:
    calls = iter(range(times))

    def writing(*args: Any) -> None:
        if next(calls, None) is None:
            raise_full()
        write(*args)

    return writing


@pytest.mark.parametrize("times", [0, 1, 2])
def test_what_tensorboard_loses_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    monkeypatch.setattr(tensorboard_report, "write_all", fails_after(times, files.write_all))
    with pytest.warns(UserWarning, match=rf"cannot write {tmp_path}/events\..*: {FULL}; no more") as warned:
        assert train(CONFIG, tmp_path).evaluation
    assert len(warned) == 1
    assert len((tmp_path / "metrics.csv").read_text().splitlines()) == 9


def test_a_line_is_written_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    class Nearly(files.io.FileIO):  # type: ignore[name-defined]
        """Takes five bytes."""

        room = 5

        def write(self, data: Any) -> int:
            taken = data[: self.room]
            if not taken:
                raise_full()
            self.room -= len(taken)
            return super().write(taken)

    with Nearly(tmp_path / "a", "wb") as file:
        files.write_all(file, b"12\n")
        with pytest.raises(OSError, match=FULL):
            files.write_all(file, b"4567\n")
    assert (tmp_path / "a").read_bytes() == b"12\n"


def test_what_the_body_says_of_other_files_stays_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with pytest.raises(FileNotFoundError), files.atomic_write(tmp_path / "run" / "a.txt"):
        (tmp_path / "nowhere" / "of the environment").read_text()


def on_small_disk(tmp_path: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script in a file system of 256 kB of its own, in the folder disk."""
    (tmp_path / "disk").mkdir()
    tests = Path(__file__).parents[1]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, (Path(dqn_fast.__file__).parents[1], tests))),
        "PYTHONUTF8": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    mount = "mount -t tmpfs -o size=256k tmpfs disk || exit 77; "
    try:
        done = subprocess.run(
            ["unshare", "-rm", "sh", "-c", mount + script],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )
    except FileNotFoundError:
        pytest.skip("there is no unshare here")
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("no file system can be mounted here")
    return done


def lines_of(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What stderr says beside the progress and the first line."""
    others = ("steps", " with the settings of ")
    return [line for line in done.stderr.splitlines() if line and not any(one in line for one in others)]


@pytest.mark.parametrize(("kilobytes", "name"), [(256, "config.json"), (180, "checkpoint-[0-9]*")])
def test_a_disk_that_is_full(tmp_path: Path, kilobytes: int, name: str) -> None:
    train_ = f"python -m dqn_fast train {OPTIONS} --no-video --output disk/run"
    fill = f"mkdir disk/run; head -c {kilobytes}k /dev/zero > disk/other 2> /dev/null"
    done = on_small_disk(tmp_path, f"{fill}; {train_}; code=$?; ls -A disk/run > left; exit $code")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = lines_of(done)
    assert re.fullmatch(f"dqn-fast: cannot write disk/run/{name}: {FULL}", line)
    left = (tmp_path / "left").read_text().split()
    assert not [name for name in left if "partial" in name or name == ".lock"]


def test_a_video_into_a_folder_that_is_read_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("av")
    train(CONFIG, tmp_path / "run")
    capsys.readouterr()
    script = "cp -r run disk; mount -o remount,ro disk; python -m dqn_fast video disk/run"
    done = on_small_disk(tmp_path, script)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "dqn-fast: cannot write disk/run/video.mp4: Read-only file system\n"
    assert evaluate_run(tmp_path / "run")
    assert main(["video", str(tmp_path / "run")]) == 0
