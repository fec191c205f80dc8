"""From real runs on two graphs to the table."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import compare_walks
import pytest
from compare_walks import ONLINE, PART

from dqn_fast.training import preset_of, train


def test_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = {"sequence_units": 8, "gpt_layers": 1, "batch_size": 4, "log_period": 50}
    online = replace(
        preset_of("dqn_fast/RandomWalks-v0"), num_envs=4, total_steps=100, learning_starts=60, **small
    )
    offline = replace(preset_of(None, "random-walks-offline"), capacity=200, total_steps=10, **small)
    results = [train(replace(online, seed=seed), tmp_path / "runs" / f"{seed}").result for seed in (0, 1)]
    for objective in ("mc", "iql"):
        hard = replace(offline, env_kwargs={"graph": 36}, objective=objective)
        train(hard, tmp_path / "runs" / objective)
    readme, file = tmp_path / "README.md", tmp_path / "walks.jsonl"
    readme.write_text(f"before\n{PART.begin}\nold\n{PART.end}\nafter\n")

    def run(*arguments: str) -> str:
        options = ["--results", str(file), "--readme", str(readme)]
        monkeypatch.setattr(sys, "argv", ["compare_walks.py", *arguments, *options])
        compare_walks.main()
        return readme.read_text(encoding="utf-8")

    text = run(str(tmp_path / "runs"))
    lines = [line for line in text.splitlines() if "|" in line][2:]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert [row[0] for row in rows] == ["17", "36", "36"]
    assert [row[2] for row in rows] == [ONLINE, "implicit Q-learning (ILQL)", "returns (MC)"]
    assert [row[5] for row in rows] == ["2", "1", "1"]
    assert rows[0][1].startswith("0.6")
    means = [result.figures["optimality"] for result in results]
    assert rows[0][7] == ", ".join(f"{mean:.2f}" for mean in means)
    assert rows[0][4] == f"{max(result.updates for result in results):,}"
    assert run() == text
    assert text.startswith("before\n")
    assert text.endswith("after\n")
