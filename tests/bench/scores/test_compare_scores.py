"""From the folders of real runs to the files, the tables and the picture."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import compare_scores
import numpy as np
import pytest
from compare_scores import PART
from matplotlib.image import imread
from published import PUBLISHED
from score_files import POINTS, from_runs, read_all, thinned

from dqn_fast.training import TrainConfig, train
from dqn_fast.training.reports import Curve
from dqn_fast.training.run_folder.finished import FinishedRun, find_runs


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two real seeds of CartPole; and for other environments copies of them with other scores."""
    folder = tmp_path_factory.mktemp("scores")
    for seed in (0, 1):
        config = TrainConfig(
            "CartPole-v1",
            seed=seed,
            total_steps=400,
            learning_starts=100,
            log_period=100,
            hidden_sizes=(8,),
            selection_period=0,
            eval_episodes=2,
        )
        run = folder / f"seed-{seed}"
        train(config, run)
        for name, mean in (("ALE/Pong-v5", 20.6), ("MinAtar/Breakout-v0", 9.0 + seed), ("Mine-v0", 5.0)):
            copy = folder / name.replace("/", "-") / f"seed-{seed}"
            copy.mkdir(parents=True)
            (copy / "metrics.csv").write_bytes((run / "metrics.csv").read_bytes())
            changed = {
                "env_id": name,
                "eval_return_mean": mean + 90,  # of the best weights; no published score is
                "last_return_mean": mean,
                "train_return_mean": mean,
                "selection_steps": 100 * seed,
            }
            result = json.loads((run / "result.json").read_text())
            (copy / "result.json").write_text(json.dumps({**result, **changed}))
    return folder


def run_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *folders: Path, label: str = "") -> str:
    readme, picture = tmp_path / "README.md", tmp_path / "scores.png"
    readme.write_text(f"before\n{PART.begin}\nformer\n{PART.end}\nafter\n")
    options = [
        f"--files={tmp_path / 'files'}",
        f"--readme={readme}",
        f"--picture={picture}",
        f"--label={label}",
    ]
    monkeypatch.setattr(sys, "argv", ["compare_scores.py", *map(str, folders), *options])
    compare_scores.main()
    return readme.read_text()


def test_the_command_writes_files_tables_and_picture(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = run_command(tmp_path, monkeypatch, runs)
    assert text.startswith(f"before\n{PART.begin}\n")
    assert text.endswith(f"![Learning curves of these trainings](scores.png)\n{PART.end}\nafter\n")
    assert "former" not in text
    means = [json.loads((runs / f"seed-{i}" / "result.json").read_text())["eval_return_mean"] for i in (0, 1)]
    ours = f"{np.mean(means):.1f} ± {np.std(means):.1f}"
    cartpole = f"| CartPole-v1 | 400 | 400 | 2 | {ours} | {ours} | 500 ± 0 | 50,000 | 0.0 |"
    assert cartpole in text
    assert "| Mine-v0 | 400 | 450 | 2 | 5.0 ± 0.0 | 95.0 ± 0.0 |  |  | 0.0 |" in text
    assert (
        "| MinAtar/Breakout-v0 | 400 | 450 | 2 | **9.5 ± 0.5** | 9.2 (at 5M: 10) | 1,000,000"
        " | 9.5 ± 0.5 | 99.5 ± 0.5 | 0.0 |"
    ) in text
    # Sources are named, with their environments where there are several.
    assert "| ALE/Pong-v5 | 400 | 450 | 2 | **20.6 ± 0.0** | 110.6 ± 0.0 | 20.6 | 10,000,000 | 0.0 |" in text
    for source in (" for ALE/Pong-v5: DQN in [rl-b", " for CartPole-v1: DQN in [sb3-c", ": DQN in [Young"):
        assert text.count(f"\nPublished{source}") == 1
    files = sorted(path.name for path in (tmp_path / "files").iterdir())
    assert files == ["ALE-Pong-v5.jsonl", "CartPole-v1.jsonl", "MinAtar-Breakout-v0.jsonl", "Mine-v0.jsonl"]
    assert imread(tmp_path / "scores.png").std() > 0.01

    # The files are enough without the folders, and one environment is replaced without the others.
    assert run_command(tmp_path, monkeypatch) == text
    one_seed = run_command(tmp_path, monkeypatch, runs / "Mine-v0" / "seed-1")
    assert "| Mine-v0 | 400 | 500 | 1 | 5.0 |" in one_seed
    assert cartpole in one_seed

    # Runs of the same environment with other settings get a row of their own.
    beside = run_command(tmp_path, monkeypatch, runs / "Mine-v0", label="plain: a/b")
    assert "| Mine-v0 | 400 | 500 | 1 | 5.0 |" in beside
    assert "| Mine-v0 (plain: a/b) | 400 | 450 | 2 | 5.0 ± 0.0 |" in beside
    assert (tmp_path / "files" / "Mine-v0-plain-a-b.jsonl").exists()


def test_what_an_older_result_does_not_know_is_blank_and_never_bold(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = json.loads((runs / "ALE-Pong-v5" / "seed-0" / "result.json").read_text())
    for name in ("last_return_mean", "last_return_std", "selection_steps", "evaluation_steps"):
        del result[name]
    old = tmp_path / "old"
    old.mkdir()
    (old / "result.json").write_text(json.dumps(result))
    (old / "metrics.csv").write_bytes((runs / "seed-0" / "metrics.csv").read_bytes())
    text = run_command(tmp_path, monkeypatch, old)
    assert "| ALE/Pong-v5 | 400 |  | 1 |  | 110.6 | 20.6 | 10,000,000 | 0.0 |" in text


def test_files_hold_what_the_runs_did(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_command(tmp_path, monkeypatch, runs)
    for stored, original in zip(read_all(tmp_path / "files"), from_runs(find_runs([runs])[0]), strict=True):
        assert [one.result for one in stored.seeds.runs] == [one.result for one in original.seeds.runs]
        assert stored.seeds.settings == original.seeds.settings
        for ours, theirs in zip(stored.curves, original.curves, strict=True):
            assert ours.steps.tolist() == theirs.steps.tolist()
            np.testing.assert_allclose(ours.returns, theirs.returns, rtol=1e-4)


def test_two_kinds_of_runs_of_one_environment_are_refused() -> None:
    def run(folder: str, **config: Any) -> FinishedRun:
        return FinishedRun(Path(folder), {"env_id": "A-v0", "seed": 0, "steps": 10}, config)

    with pytest.raises(ValueError, match="A-v0: got runs of different steps or settings, such as a, b"):
        from_runs([run("a", tau=1), run("b", tau=2)])


def test_a_file_of_several_environments_is_refused(tmp_path: Path) -> None:
    curve = {"steps": [1], "returns": [1.0]}
    lines = [
        {"label": "", "result": {"env_id": name, "seed": 0, "steps": 1}, "config": {}, "curve": curve}
        for name in ("A-v0", "B-v0")
    ]
    (tmp_path / "both.jsonl").write_text("\n".join(map(json.dumps, lines)))
    with pytest.raises(ValueError, match=r"both.jsonl: got 2 environments, expected 1"):
        read_all(tmp_path)


def test_a_folder_without_scores_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="got no scores"):
        read_all(tmp_path)


@pytest.mark.parametrize("count", [0, 1, 2, 99, 100, 101, 5_000])
def test_a_thinned_curve_keeps_its_ends(count: int) -> None:
    curve = Curve(np.arange(count), np.arange(count) * 2.0)
    thin = thinned(curve)
    assert len(thin.steps) == min(count, POINTS)
    assert thin.returns.tolist() == (thin.steps * 2).tolist()
    if count:
        assert (thin.steps[0], thin.steps[-1]) == (0, count - 1)


def test_every_published_environment_has_one_measure() -> None:
    assert {one.measure for one in PUBLISHED.values()} == set(compare_scores.MEASURES)
