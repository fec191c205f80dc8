"""Logs that a command makes of runs, and the table of what was learned from them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import make_log
import numpy as np
import offline_table
import pytest
from envs.kinds import registered
from training.short import short
from training.tiny import Tiny

from dqn_fast import ReplayBuffer
from dqn_fast.training import train


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Path]:
    """A run, a log of it with two shares of random actions, and runs of two seeds from the log."""
    with registered(Tiny):
        config = short("Tiny-v0", 200, learning_starts=50)
        train(config, tmp_path / "acting")
        log = str(tmp_path / "log.dqn")
        acting = str(tmp_path / "acting")
        make_log.main([log, "--run", acting, "0.5", "--run", acting, "1.0", "--steps", "300"])
        for seed in (0, 1):
            learning = replace(config, objective="cql", offline=log, total_steps=20, seed=seed)
            train(learning, tmp_path / "learning" / str(seed))
        yield tmp_path


def test_a_log_holds_whole_episodes_and_the_best_tenth_of_them(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, best = (ReplayBuffer.load(runs / name) for name in ("log.dqn", "log-best10.dqn"))
    about = json.loads((runs / "log.json").read_text())
    assert (len(log), about["steps"], about["episodes"]) == (300, 300, log.stats()["segments"])
    returns = log.transitions(n_step=100, gamma=1.0)
    assert about["return_mean"] == pytest.approx(log.transitions(n_step=1).reward.sum() / about["episodes"])
    assert set(np.unique(returns.reward)) <= {0.0, 1.0}
    assert best.stats()["segments"] == round(0.1 * about["episodes"])
    assert (best.transitions(n_step=1).terminated.sum()) == best.stats()["segments"]  # all reached the goal


def test_the_table_has_a_line_for_each_setting(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme, results = runs / "README.md", runs / "results.json"
    readme.write_text(f"before\n{offline_table.PART.begin}\n{offline_table.PART.end}\nafter\n")

    def call(*arguments: Any) -> str:
        options = ["offline_table.py", *map(str, arguments), "--readme", readme, "--results", results]
        monkeypatch.setattr(sys, "argv", list(map(str, options)))
        offline_table.main()
        return readme.read_text()

    made = call(runs / "learning", runs / "acting")
    lines = [line for line in made.splitlines() if line.startswith("| Tiny")]
    assert len(lines) == 2
    online = next(line for line in lines if "200 steps" in line)
    offline = next(line for line in lines if "20 updates" in line)
    assert "| td | 200 steps | 1 |" in online
    assert "| log | " in offline and "| cql | 20 updates | 2 |" in offline
    about = json.loads((runs / "log.json").read_text())
    assert f"{about['return_mean']:.1f} ± {about['return_std']:.1f}" in offline
    readme.write_text(f"{offline_table.PART.begin}\n{offline_table.PART.end}\n")
    assert call().splitlines()[1:-1] == made.splitlines()[2:-2]  # from the results alone
    assert call(runs / "learning" / "1").count("| cql | 20 updates | 1 |") == 1  # in place of both seeds
    assert "| td | 200 steps | 1 |" in readme.read_text()  # what no folder is about stays
