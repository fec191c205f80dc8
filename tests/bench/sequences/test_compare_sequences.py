"""From trained seeds to the files, the table and the picture."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import compare_sequences
import pytest
from compare_sequences import PART, costs
from matplotlib.image import imread
from sequence_rows import ROWS, Row

from dqn_fast.training import TrainConfig

SHORT: dict[str, Any] = {"total_steps": 400, "learning_starts": 200, "log_period": 50, "batch_size": 8}
TMAZE = "dqn_fast/TMaze-v0"


@pytest.mark.parametrize("name", ROWS)
def test_every_row_is_a_configuration(name: str) -> None:
    config = ROWS[name].config(seed=3)
    assert isinstance(config, TrainConfig)
    assert (config.seed, config.selection_period) == (3, 0)


def test_what_an_update_learns_from() -> None:
    whole = costs(Row("", TMAZE, SHORT).config(0), steps=300, draws=3)
    assert 0.7 < whole["learned"] <= 1.0  # all observations of an episode are acted on; new ones are shorter
    windows: dict[str, Any] = {**SHORT, "sequence_length": 4, "burn_in": 4}
    burnt_in = costs(Row("", TMAZE, windows).config(0), steps=300, draws=3)
    assert 0.2 < burnt_in["learned"] < 0.6
    stored = costs(Row("", TMAZE, {**windows, "stored_state": True}).config(0), steps=300, draws=3)
    assert stored["bytes"] > burnt_in["bytes"] + 1.9 * 64 * 4  # hidden and cell
    assert costs(Row("", TMAZE, {**SHORT, "network": "feedforward"}).config(0), 300, 3)["learned"] == 0.5


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare_sequences, "ROWS", {"a": Row("a maze", TMAZE, SHORT)})
    readme, files = tmp_path / "README.md", tmp_path / "results"
    readme.write_text(f"before\n{PART.begin}\nold\n{PART.end}\nafter\n")

    def run(*arguments: str) -> str:
        options = ["--runs", str(tmp_path), "--files", str(files), "--readme", str(readme)]
        options += ["--picture", str(tmp_path / "picture.png")]
        monkeypatch.setattr(sys, "argv", ["compare_sequences", *arguments, *options])
        compare_sequences.main()
        return readme.read_text()

    text = run("a", "--seeds", "0", "1")
    assert "| a maze | 400 |" in text
    assert "0 of 2" in text
    (path,) = files.iterdir()
    record = json.loads(path.read_text())
    assert [seed["seed"] for seed in record["seeds"]] == [0, 1]
    assert all(len(seed["checks"]) == 8 for seed in record["seeds"])
    for seed in record["seeds"]:
        for check in seed["checks"][2:]:
            check[2] = 1.0
        seed["last"] = 1.0
    path.write_text(json.dumps(record))
    text = run()
    assert "1.000 ± 0.000 | 2 of 2 | 160 |" in text
    assert text.startswith("before\n") and text.endswith("after\n")
    assert imread(tmp_path / "picture.png").shape[2] == 4
