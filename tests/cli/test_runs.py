"""A short run by the real command: its files, its evaluation, Ctrl-C, and a user's own environment."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli.processes import SHORT, command, environment, needs_agent

import dqn_fast
from dqn_fast.cli import main

FILES = {"config.json", "learning_curve.png", "metrics.csv", "model.pt", "result.json"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("cli")
    done = command("train", "CartPole-v1", "--seed", "5", *SHORT, "--output", "out", cwd=folder)
    return folder / "out", done


@needs_agent
def test_a_run_says_what_it_is_worth_and_where_it_is(
    run: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, done = run
    assert done.returncode == 0, done.stderr
    result = json.loads((folder / "result.json").read_text())
    mean, std = result["eval_return_mean"], result["eval_return_std"]
    assert done.stdout == (
        f"CartPole-v1: return {mean:.1f} ± {std:.1f} over 10 episodes (ε = 0)\nsaved in out\n"
    )
    assert "2,000/2,000 steps" in done.stderr


@needs_agent
def test_every_file_of_a_run(run: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = run
    names = {path.name for path in folder.iterdir()}
    events = {name for name in names if name.startswith("events.out.tfevents.")}
    assert len(events) == 1
    assert names - events == {*FILES, "video.mp4"}

    config = json.loads((folder / "config.json").read_text())
    assert (config["env_id"], config["seed"], config["hidden_sizes"]) == ("CartPole-v1", 5, [32])
    result = json.loads((folder / "result.json").read_text())
    assert result["env_id"] == "CartPole-v1"
    assert (result["seed"], result["steps"], result["eval_episodes"]) == (5, 2000, 10)
    assert result["updates"] == len(range(200, 2001, config["learn_period"]))
    assert result["steps_per_second"] == pytest.approx(2000 / result["wall_seconds"], rel=0.01)
    assert 8 <= result["eval_return_mean"] <= 500
    assert result["eval_return_std"] >= 0
    assert result["interrupted"] is False
    assert result["version"] == dqn_fast.__version__
    rows = list(csv.DictReader((folder / "metrics.csv").read_text().splitlines()))
    assert [row["step"] for row in rows] == ["500", "1000", "1500", "2000"]
    assert (folder / "learning_curve.png").read_bytes().startswith(b"\x89PNG")


@needs_agent
def test_evaluate_repeats_the_evaluation(
    run: tuple[Path, subprocess.CompletedProcess[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, trained = run
    assert main(["evaluate", str(folder)]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert f"CartPole-v1: {said.out}" == trained.stdout.splitlines(keepends=True)[0]


@needs_agent
def test_the_same_seed_gives_the_same_run(
    run: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """In another process, too."""
    folder, _ = run
    assert main(["train", "CartPole-v1", "--seed", "5", *SHORT, "--output", str(tmp_path / "again")]) == 0

    def numbers(path: Path) -> list[dict[str, str]]:
        clocks = {"steps_per_second", "seconds"}
        with (path / "metrics.csv").open() as file:
            return [
                {name: cell for name, cell in row.items() if name not in clocks}
                for row in csv.DictReader(file)
            ]

    assert numbers(tmp_path / "again") == numbers(folder)
    assert (tmp_path / "again" / "model.pt").read_bytes() == (folder / "model.pt").read_bytes()


@needs_agent
def test_ctrl_c_saves_what_there_is_and_says_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        "train",
        "CartPole-v1",
        "--total-steps",
        "10000000",
        "--hidden-sizes",
        "32",
        "--output",
        "out",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "dqn_fast", *arguments],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    metrics, deadline = tmp_path / "out" / "metrics.csv", time.monotonic() + 60
    while not (metrics.exists() and len(metrics.read_text().splitlines()) > 4):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert process.returncode == 130
    assert stderr.splitlines()[-1] == (
        f"dqn-fast: interrupted after {result['steps']:,} steps; to go on: dqn-fast resume out"
    )
    assert stdout == ""
    assert result["interrupted"] is True
    assert result["eval_return_mean"] is None
    assert result["updates"] > 0
    assert {path.name for path in (tmp_path / "out").iterdir()} > FILES
    assert metrics.read_text().splitlines()[-1].startswith(f"{result['steps']},{result['updates']},")
    capsys.readouterr()
    assert main(["evaluate", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out.endswith("over 100 episodes (ε = 0)\n")


@needs_agent
def test_an_environment_of_ones_own_is_found_in_the_current_folder(tmp_path: Path) -> None:
    lines = "import gymnasium as gym", "gym.register('Mine-v0', gym.spec('CartPole-v1').entry_point)"
    (tmp_path / "my_module.py").write_text("\n".join(lines))
    # As the installed script does, whose own folder is the first of the path. PyTorch imports SymPy, which
    # takes seconds, where tensors are made on its device "meta".
    code = (
        "import sys; sys.path.pop(0); from dqn_fast.cli import main; status = main(sys.argv[1:])\n"
        "assert 'sympy' not in sys.modules\n"
        "sys.exit(status)"
    )
    arguments = [
        "train",
        "my_module:Mine-v0",
        *SHORT,
        "--total-steps",
        "300",
        "--no-video",
        "--output",
        "out",
    ]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("my_module:Mine-v0: return ")
