"""Several seeds in real processes: finished, killed, failed, interrupted and resumed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dqn_fast
from dqn_fast.cli import main
from dqn_fast.training import TrainConfig, UsageError, load_config, train
from dqn_fast.training.multi_seed import default_jobs, holds_seeds, train_seeds

HERE = Path(__file__).parents[1]
SHORT = ["--total-steps", "400", "--learning-starts", "100", "--log-period", "100", "--hidden-sizes", "8"]
ENVIRONMENT = {
    "PYTHONPATH": os.pathsep.join(map(str, (Path(dqn_fast.__file__).parents[1], HERE, HERE.parent))),
    "PYTHONUTF8": "1",
    "COLUMNS": "100",
}
QUICK = [*SHORT, "--selection-period", "0", "--eval-episodes", "3", "--no-video"]


@pytest.fixture(autouse=True)
def no_process_stays(tmp_path: Path) -> Iterator[None]:
    yield
    left = []
    for cwd in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):  # it has ended, or is somebody else's
            if cwd.readlink() == tmp_path:
                left.append(int(cwd.parent.name))
                os.kill(left[-1], signal.SIGKILL)
    assert not left


def command(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "dqn_fast", *arguments],
        cwd=cwd,
        env={**os.environ, **ENVIRONMENT},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def test_two_seeds_are_two_runs_and_one_score(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", "CartPole-v1", *QUICK, "--seed", "3", "--seeds", "2"]) == 0
    stdout, stderr = capsys.readouterr()
    (folder,) = (tmp_path / "runs").iterdir()
    assert folder.name.startswith("CartPole-v1-seeds3-4-")
    assert sorted(path.name for path in folder.iterdir()) == [
        "group.json",
        "learning_curves.png",
        "seed-3",
        "seed-4",
    ]
    group = read(folder / "group.json")
    results = [read(folder / f"seed-{seed}" / "result.json") for seed in (3, 4)]
    assert [(one["seed"], one["status"], one["result"]) for one in group["seeds"]] == [
        (3, "done", results[0]),
        (4, "done", results[1]),
    ]
    means = [result["eval_return_mean"] for result in results]
    assert group["eval_return_mean"] == pytest.approx(np.mean(means))
    assert group["eval_return_std_over_seeds"] == pytest.approx(np.std(means))
    assert stdout.splitlines() == [
        *(
            f"seed {one['seed']}: return {one['eval_return_mean']:.1f} ± {one['eval_return_std']:.1f}"
            for one in results
        ),
        f"CartPole-v1: return {np.mean(means):.1f} ± {np.std(means):.1f} over 2 seeds (ε = 0)",
        f"saved in {folder.relative_to(tmp_path)}",
    ]
    configs = [read(folder / f"seed-{seed}" / "config.json") for seed in (3, 4)]
    assert configs[1] == {**configs[0], "seed": 4}
    assert stderr.count("400/400 steps") == 2
    assert (folder / "learning_curves.png").read_bytes().startswith(b"\x89PNG")


def test_seeds_that_are_lost_do_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One is killed, one raises, and one meets what is not finite."""
    monkeypatch.chdir(tmp_path)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    arguments = ["training.deadly:Deadly-v0", *QUICK, "--seeds", "5", "--jobs", "2", "--output", "out"]
    assert main(["train", *arguments]) == 1
    stdout, stderr = capsys.readouterr()
    group = read(tmp_path / "out" / "group.json")
    assert [one["status"] for one in group["seeds"]] == ["done", "failed", "failed", "failed", "done"]
    # What is not finite ends a run with the last good weights.
    assert [bool(one["result"]) for one in group["seeds"]] == [True, False, False, True, True]
    assert group["evaluated_seeds"] == 2
    assert "seed 1 failed (status -9), out/seed-1.log:" in stderr
    assert "seed 2 failed (status 1), out/seed-2.log:" in stderr
    assert "RuntimeError: boom at step 250" in stderr
    assert "dqn-fast: training.deadly:Deadly-v0: loss: got nan, expected a finite number" in stderr
    assert stderr.splitlines()[-1] == "dqn-fast: failed seeds: 1, 2, 3; to go on: dqn-fast resume out"
    assert stdout.splitlines()[1:4] == ["seed 1: failed", "seed 2: failed", "seed 3: failed after 252 steps"]
    logs = [path.name for path in sorted((tmp_path / "out").glob("*.log"))]
    assert logs == ["seed-1.log", "seed-2.log", "seed-3.log"]
    assert (tmp_path / "out" / "seed-3" / "model.pt").exists()


def test_ctrl_c_ends_all_in_order(tmp_path: Path) -> None:
    arguments = ["CartPole-v1", *QUICK, "--total-steps", "10000000", "--output", "out"]
    process = command("train", *arguments, "--seeds", "3", "--jobs", "2", cwd=tmp_path)
    metrics = [tmp_path / "out" / f"seed-{seed}" / "metrics.csv" for seed in (0, 1)]
    wait_until(
        lambda: all(file.exists() and len(file.read_text().splitlines()) > 2 for file in metrics), process
    )
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=100)
    assert process.returncode == 130, stderr
    assert stderr.splitlines()[-1] == "dqn-fast: interrupted; to go on: dqn-fast resume out"
    group = read(tmp_path / "out" / "group.json")
    assert group["interrupted"] is True
    assert [(one["seed"], one["status"]) for one in group["seeds"]] == [
        (0, "interrupted"),
        (1, "interrupted"),
    ]
    for file, one in zip(metrics, group["seeds"], strict=True):
        assert one["result"]["interrupted"] is True
        assert one["result"] == read(file.with_name("result.json"))
        assert file.with_name("model.pt").exists()
        assert f"seed {one['seed']}: interrupted after {one['result']['steps']:,} steps" in stdout
    assert not list((tmp_path / "out").glob("*.log"))
    assert (tmp_path / "out" / "learning_curves.png").exists()


def test_a_group_is_not_overwritten_unless_told_to(tmp_path: Path) -> None:
    (tmp_path / "seed-9").mkdir()
    (tmp_path / "seed-9" / "model.pt").write_text("precious")
    with pytest.raises(UsageError, match=r"seed-9: got a run already \(model\.pt\)"):
        train_seeds(TrainConfig("CartPole-v1"), range(2), tmp_path, jobs=1)
    assert [path.name for path in tmp_path.iterdir()] == ["seed-9"]
    assert (tmp_path / "seed-9" / "model.pt").read_text() == "precious"


def test_a_copy_of_a_run_beside_the_others_is_none_of_the_groups(tmp_path: Path) -> None:
    for name in ("seed-7", "seed-7-backup", "seed-old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}")
    assert holds_seeds(tmp_path)
    assert not holds_seeds(tmp_path / "seed-7")
    (tmp_path / "seed-7").rename(tmp_path / "seven")
    assert not holds_seeds(tmp_path)


@pytest.mark.parametrize(
    ("env_id", "jobs", "line"),
    [
        ("CartPole-v1", 0, "jobs: got 0, expected at least 1"),
        ("Pendulum-v1", 1, r"Pendulum-v1 does not fit: action_space: got Box.*"),
    ],
)
def test_what_cannot_be_done_begins_nothing(tmp_path: Path, env_id: str, jobs: int, line: str) -> None:
    with pytest.raises(UsageError, match=f"^{line}$"):
        train_seeds(TrainConfig(env_id), range(2), tmp_path / "out", jobs=jobs)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes in /proc")
def test_a_killed_group_goes_on_and_gives_the_numbers_of_unbroken_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ["CartPole-v1", *QUICK, "--total-steps", "1500", "--checkpoint-period", "500"]
    process = command("train", *arguments, "--seeds", "3", "--jobs", "2", "--output", "out", cwd=tmp_path)
    out = tmp_path / "out"
    wait_until(lambda: bool(list(out.glob("seed-0/checkpoint-*"))), process)
    members = children(process)
    for member in members:
        os.kill(member, signal.SIGSTOP)
    process.kill()
    process.communicate()
    assert len(members) == 2
    assert main(["resume", "out/seed-0"]) == 2
    assert capsys.readouterr() == (
        "",
        "dqn-fast: out/seed-0: got a run going on there in another process, expected none\n",
    )
    for member in members:
        os.kill(member, signal.SIGKILL)
    assert not (out / "seed-0" / "result.json").exists()

    assert main(["resume", "out", "--no-video"]) == 0
    stdout = capsys.readouterr().out
    assert len(stdout.splitlines()) == 5
    models = [(out / f"seed-{seed}" / "model.pt") for seed in range(3)]  # one of them had not begun
    for seed, model in enumerate(models):
        plain = tmp_path / f"plain-{seed}"
        run = train(load_config(model.parent), plain)
        assert model.read_bytes() == (plain / "model.pt").read_bytes()
        assert read(out / "group.json")["seeds"][seed]["result"]["eval_return_mean"] == run.evaluation.mean

    # Complete: nothing is trained any more, and the summary comes again.
    times = [model.stat().st_mtime_ns for model in models]
    assert main(["resume", "out"]) == 0
    assert capsys.readouterr().out == stdout
    assert times == [model.stat().st_mtime_ns for model in models]


def children(process: subprocess.Popen[str]) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            if int(stat.read_text().rpartition(")")[2].split()[1]) == process.pid:
                found.append(int(stat.parent.name))
    return found


def wait_until(is_so: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 100
    while not is_so():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_finished_group_goes_on_for_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    options = ["--seeds", "2", "--output", "out", "--keep-checkpoint", "--checkpoint-period", "200"]
    assert main(["train", "CartPole-v1", *QUICK, *options]) == 0
    before = [(tmp_path / f"out/seed-{seed}/metrics.csv").read_text() for seed in range(2)]
    assert main(["resume", "out", "--total-steps", "600", "--no-video"]) == 0
    for seed, rows in enumerate(before):
        assert (tmp_path / f"out/seed-{seed}/metrics.csv").read_text().startswith(rows)
        assert read(tmp_path / f"out/seed-{seed}/result.json")["steps"] == 600
        assert read(tmp_path / f"out/seed-{seed}/config.json")["total_steps"] == 600
    assert [one["result"]["steps"] for one in read(tmp_path / "out/group.json")["seeds"]] == [600, 600]
    assert "over 2 seeds" in capsys.readouterr().out


def test_one_run_for_each_processor() -> None:
    expected = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert default_jobs() == expected
