"""The real command in a process of its own: a short run, its files, its evaluation, Ctrl-C and bad input.

A little longer than most: a run is trained once, and all commands are tried on it.
"""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

import dqn_fast
from dqn_fast.cli import main

needs_agent = pytest.mark.skipif(
    not all(map(find_spec, ("gymnasium", "matplotlib", "rich", "tensorboard", "torch", "tyro"))),
    reason="needs the agent extra",
)
SHORT = ["--total-steps", "2000", "--hidden-sizes", "32", "--learning-starts", "200", "--eval-episodes", "10"]
FILES = {"config.json", "learning_curve.png", "metrics.csv", "model.pt", "result.json"}


def environment() -> dict[str, str]:
    # The package that this process imports, wherever the command is run.
    return {**os.environ, "PYTHONPATH": str(Path(dqn_fast.__file__).parents[1]), "PYTHONUTF8": "1"}


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dqn_fast", *arguments],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


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
def test_evaluate_repeats_the_evaluation(run: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, trained = run
    done = command("evaluate", "out", cwd=folder.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"CartPole-v1: {done.stdout}" == trained.stdout.splitlines(keepends=True)[0]


@needs_agent
def test_the_same_seed_gives_the_same_run(
    run: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    folder, _ = run
    again = command("train", "CartPole-v1", "--seed", "5", *SHORT, "--output", "again", cwd=tmp_path)
    assert again.returncode == 0, again.stderr

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
def test_ctrl_c_saves_what_there_is_and_says_where(tmp_path: Path) -> None:
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
    evaluated = command("evaluate", "out", cwd=tmp_path)
    assert evaluated.returncode == 0
    assert evaluated.stdout.endswith("over 100 episodes (ε = 0)\n")


@needs_agent
def test_a_preset_without_a_name_is_an_error_of_train(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train", "CartPole-v1", "--preset"])
    said = capsys.readouterr()
    assert "dqn-fast train --help" in said.err + said.out
    assert "__main__" not in said.err + said.out


@needs_agent
@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["train", "CartPol-v1"],
            "cannot make the environment 'CartPol-v1': Environment `CartPol` doesn't exist."
            " Did you mean: `CartPole`?",
        ),
        (
            ["train", "Pendulum-v1"],
            "Pendulum-v1 does not fit: action_space: got Box(-2.0, 2.0, (1,), float32), expected Discrete",
        ),
        (["train", "CartPole-v1", "--batch-size", "0"], "batch_size is 0, expected at least 1"),
        (
            ["evaluate", "nowhere"],
            "nowhere holds no run: cannot read config.json (No such file or directory)",
        ),
    ],
)
def test_bad_input_gets_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    line: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert capsys.readouterr() == ("", f"dqn-fast: {line}\n")
    assert list(tmp_path.iterdir()) == []


@needs_agent
@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("model.pt", "", r"bad/model\.pt does not fit the run's configuration: \w.*"),
        (
            "config.json",
            '{"env_id": 5, "hidden_sizes": [8]}',
            r"bad/config\.json: env_id is 5, expected a name .*",
        ),
        ("config.json", "5", r"bad/config\.json is not a configuration of this version: .*"),
    ],
)
def test_a_damaged_file_gets_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: str,
    line: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "config.json").write_text('{"env_id": "CartPole-v1", "hidden_sizes": [8]}')
    (tmp_path / "bad" / name).write_text(content)
    assert main(["evaluate", "bad"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert re.fullmatch(f"dqn-fast: {line}\n", said.err)


@needs_agent
def test_an_environment_of_ones_own_is_found_in_the_current_folder(tmp_path: Path) -> None:
    lines = "import gymnasium as gym", "gym.register('Mine-v0', gym.spec('CartPole-v1').entry_point)"
    (tmp_path / "my_module.py").write_text("\n".join(lines))
    # As the installed script does, whose own folder is the first of the path.
    code = "import sys; sys.path.pop(0); from dqn_fast.cli import main; sys.exit(main(sys.argv[1:]))"
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


@needs_agent
def test_an_error_is_the_exit_status_of_the_process(tmp_path: Path) -> None:
    done = command("train", "Pendulum-v1", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


@needs_agent
def test_a_run_is_not_overwritten_unless_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.pt").write_text("precious")
    arguments = ["train", "CartPole-v1", "--output", ".", *SHORT]
    assert main(arguments) == 2
    assert capsys.readouterr().err == (
        "dqn-fast: . already holds a run (model.pt): choose another --output, or pass --overwrite\n"
    )
    assert (tmp_path / "model.pt").read_text() == "precious"
    assert main([*arguments, "--overwrite"]) == 0
    assert (tmp_path / "model.pt").read_bytes().startswith(b"PK")


@needs_agent
def test_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["train", "--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    options = ("--seed", "--total-steps", "--output", "--overwrite", "--learning-rate", "--prioritized")
    assert all(option in out for option in options)


@pytest.mark.parametrize("missing", ["torch", "tyro"])
def test_without_the_agent_extra_there_is_one_line(missing: str) -> None:
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from dqn_fast.cli import main\n"
        "sys.exit(main(['train', 'CartPole-v1']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, encoding="utf-8", timeout=60
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("dqn-fast: training needs the agent extra, and ")
    assert missing in done.stderr
    assert done.stderr.endswith("not installed: pip install 'dqn_fast[agent]'\n")
    assert done.stderr.count("\n") == 1
