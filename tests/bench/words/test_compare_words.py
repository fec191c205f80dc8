"""From real runs to the file of figures, the table and the picture."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import compare_words
import pytest
from compare_words import ONLINE, OWN, PART, PUBLISHED, SPLITS, Figures, load, save
from matplotlib.image import imread

from dqn_fast.tasks.wordle.word_list import OWN as OUR_WORDS
from dqn_fast.training import preset_of, train


def compared(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> str:
    options = ["--results", str(folder / "results.jsonl"), "--readme", str(folder / "README.md")]
    monkeypatch.setattr(sys, "argv", ["compare_words.py", *arguments, *options])
    monkeypatch.setattr(compare_words, "GAMES", 100)
    compare_words.main()
    return (folder / "README.md").read_text(encoding="utf-8")


def rows_of(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if "|" in line][2:]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]


def test_table_and_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = tmp_path / "words.txt"
    words.write_text("\n".join(OUR_WORDS.read_text(encoding="utf-8").splitlines()[-15:]), encoding="utf-8")
    small = {"hidden_sizes": (8,), "forms": 2, "batch_size": 16, "log_period": 40, "eval_episodes": 15}
    online = replace(
        preset_of("dqn_fast/Wordle-v0"),
        pretrain="",
        env_kwargs={"words": str(words)},
        num_envs=4,
        total_steps=120,
        learning_starts=4,
        **small,
    )
    offline = replace(preset_of(None, "wordle-offline"), capacity=300, total_steps=80, **small)
    results = [train(replace(online, seed=seed), tmp_path / "runs" / f"{seed}").result for seed in (0, 1)]
    train(replace(offline, env_kwargs=online.env_kwargs), tmp_path / "runs" / "iql")
    (tmp_path / "README.md").write_text(f"before\n{PART.begin}\nold\n{PART.end}\nafter\n")
    text = compared(monkeypatch, tmp_path, str(tmp_path / "runs"), "--words", str(words))
    rows = rows_of(text)
    assert [row[0] for row in rows] == [PUBLISHED] * 5 + [OWN] * 3
    assert [row[1] for row in rows[:5]] == [
        compare_words.DATA,
        compare_words.FITS,
        SPLITS,
        "implicit Q-learning",
        ONLINE,
    ]
    means = [result.last_return_mean for result in results]
    assert None not in means
    assert rows[4][4].startswith(f"{sum(means) / 2:.3f} ± ")  # type: ignore[arg-type]
    assert rows[4][5] == f"{means[0]:.3f}, {means[1]:.3f}"
    assert [row[3] for row in rows] == ["", "", "", "1", "2", "", "", ""]
    assert rows[0][7] == "-4.12"
    assert all(row[7] == "" for row in rows[5:])
    assert imread(tmp_path / "words.png").ndim == 3
    again = compared(monkeypatch, tmp_path)
    assert again == text
    assert text.startswith("before\n")
    assert text.endswith("after\n")


def test_the_file_of_figures(tmp_path: Path) -> None:
    found = [Figures(SPLITS, OWN, -1.9, 1.0), Figures(ONLINE, OWN, -2.0, 0.5, games=9, curve=[(1, -2.0)])]
    save(tmp_path / "results.jsonl", found)
    lines = (tmp_path / "results.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["reward"] for line in lines] == [-1.9, -2.0]
    loaded = load(tmp_path / "results.jsonl")
    assert loaded[0] == found[0]
    assert list(map(tuple, loaded[1].curve)) == found[1].curve
