"""From a finished run to the table; both ways to write choose the same words, and both to learn agree."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import compare_writer
import measure_generation
import measure_updates
import pytest
import torch
from compare_writer import FIGURES, PART, PLAYERS
from measure_generation import Figures

from dqn_fast.training import preset_of
from dqn_fast.training.run_folder.model import save_config
from dqn_fast.training.run_folder.result import Result, save_result


def finished(folder: Path, seed: int, reward: float) -> None:
    """Write the files of a run that has ended."""
    folder.mkdir(parents=True)
    save_config(folder, preset_of("dqn_fast/Writer-v0"))
    players = {player: dict.fromkeys(FIGURES, reward / (2 + at)) for at, player in enumerate(PLAYERS)}
    measured = {
        **players,
        **dict.fromkeys(FIGURES, reward),
        "perplexity": 40.0 + seed,
        "optimum": {"beta": 0.1, "reward": 2 * reward, "effective_samples": 150.0 + seed},
    }
    numbers = {"steps": 10, "updates": 5, "wall_seconds": 1.0, "steps_per_second": 10.0, "train_episodes": 3}
    scores = dict.fromkeys(
        ["train_return_mean", "train_return_std", "eval_return_mean", "eval_return_std"], reward
    )
    ends = {"eval_episodes": 70, "interrupted": False, "model_step": 10, "version": "0.1.0"}
    save_result(folder, Result("dqn_fast/Writer-v0", seed, **numbers, **scores, **ends, figures=measured))  # type: ignore[arg-type]


def test_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed, reward in ((1, 0.4), (0, 0.6)):
        finished(tmp_path / "runs" / f"{seed}", seed, reward)
    readme, results = tmp_path / "README.md", tmp_path / "results.jsonl"
    readme.write_text(f"before\n{PART.begin}\nold\n{PART.end}\nafter\n")

    def run(*arguments: str) -> str:
        options = ["--results", str(results), "--readme", str(readme)]
        monkeypatch.setattr(sys, "argv", ["compare_writer.py", *arguments, *options])
        compare_writer.main()
        return readme.read_text(encoding="utf-8")

    text = run(str(tmp_path / "runs"))
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert [row[0] for row in rows] == list(PLAYERS.values())
    assert rows[0][1] == "0.250 ± 0.050"
    assert rows[-1][1] == "0.500 ± 0.100"
    assert "2 seeds, beta 0.125, 70 sentences" in text  # the preset's
    assert "held-out sentences: 40.5 ± 0.5" in text
    assert "reward 1.000 ± 0.200, from 150 ± 0 effective samples. Ours reach 0.500 ± 0.000 of it." in text
    assert [json.loads(line)["seed"] for line in results.read_text().splitlines()] == [0, 1]
    assert run() == text  # from the file alone


def test_both_ways_write_the_same_words() -> None:
    found = measure_generation.measure(2, 4, 1)
    assert (found.batch, found.length, found.times) == (2, 4, 1)
    assert min(found.cached, found.anew) > 0
    table = measure_generation.markdown([Figures(32, 64, 3, 0.5, 5.0)])
    assert "| 32 | 64 | 4,096 | 410 | 10.0 |" in table
    assert torch.is_grad_enabled()


def test_both_ways_learn_alike() -> None:
    found = [measure_updates.measure(301, way, 1) for way in measure_updates.WAYS]
    assert found[0].norm == pytest.approx(found[1].norm, rel=1e-4)
    assert found[0].norm > 0 and min(one.milliseconds for one in found) > 0
    assert "| 301 | the word taken |" in measure_updates.markdown(found)
