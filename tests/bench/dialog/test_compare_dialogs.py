"""From real runs and files of TC-Bot's protocol to the file of figures, the table and the pictures."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import compare_dialogs
import dialog_results
import protocol_a
import pytest
from compare_dialogs import PART
from dialog_results import OWN, PUBLISHED, RANDOM, RULES, Figures, groups_of, load, save
from matplotlib.image import imread

from dqn_fast.tasks.movie_ticket.domain_files import OWN as OUR_FOLDER
from dqn_fast.training import TrainConfig, train

CONFIG = TrainConfig(
    "dqn_fast/MovieTicket-v0",
    total_steps=300,
    learning_starts=100,
    hidden_sizes=(8,),
    log_period=50,
    eval_episodes=5,
    selection_period=0,
    scripted_episodes=2,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs on our domain, and on one that stands for the published one."""
    folder = tmp_path_factory.mktemp("dialogues")
    there = {"domain": str(OUR_FOLDER)}
    runs = {
        "a0": CONFIG,
        "a1": replace(CONFIG, seed=1),
        "p0": replace(CONFIG, env_kwargs=there),
        "p1": replace(CONFIG, env_kwargs=there, seed=1),
        "error": replace(CONFIG, env_kwargs={**there, "slot_error": 0.2, "intent_error": 0.2}),
        "updates": replace(CONFIG, env_kwargs=there, learn_updates=4),
    }
    for name, config in runs.items():
        train(config, folder / "runs" / name)
    epoch = {"success": 0.75, "reward": 40.0, "turns": 18.0}
    for seed in range(2):
        (folder / f"protocol-{seed}.json").write_text(json.dumps({"epochs": [epoch] * 80}))
    (folder / "README.md").write_text(f"before\n{PART.begin}\nold\n{PART.end}\nafter\n")
    return folder


def compared(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> str:
    options = ["--results", str(folder / "results.jsonl"), "--readme", str(folder / "README.md")]
    monkeypatch.setattr(sys, "argv", ["compare_dialogs.py", *arguments, *options])
    monkeypatch.setattr(dialog_results, "DIALOGUES", 40)
    compare_dialogs.main()
    return (folder / "README.md").read_text()


def test_table_and_pictures(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [str(path) for path in folder.glob("protocol-*.json")]
    arguments = [str(folder / "runs"), "--domain", str(OUR_FOLDER), "--protocol-a", *files]
    text = compared(monkeypatch, folder, *arguments)
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if "|" in line][2:]
    assert [row[:2] for row in rows] == [
        ["published", "rule agent"],
        ["published", "random"],
        ["published", "TC-Bot's protocol"],
        ["published", "dqn-fast"],
        ["own", "rule agent"],
        ["own", "random"],
        ["own", "dqn-fast"],
    ]
    assert [row[3] for row in rows] == ["1", "1", "2", "2", "1", "1", "2"]
    assert rows[2][4:7] == ["0.750 ± 0.000", "40.0 ± 0.0", "18.0 ± 0.0"]
    results = {result["seed"]: result for result in map(result_of, (folder / "runs").glob("p?"))}
    assert rows[3][4].startswith(f"{(results[0]['success'] + results[1]['success']) / 2:.3f} ± ")
    for name in ("errors.png", "updates.png"):
        assert imread(folder / name).shape[2] == 4
    # From its file alone it is the same.
    assert compared(monkeypatch, folder) == text


def result_of(folder: Path) -> dict[str, float]:
    result: dict[str, float] = json.loads((folder / "result.json").read_text())
    return result


def test_dialogues_and_updates_are_counted(folder: Path) -> None:
    found = dialog_results.trained([folder / "runs"])
    assert {one.domain for one in found} == {OWN, PUBLISHED}
    assert sorted(one.rate for one in found) == [0.5] * 5 + [2.0]
    assert [one.error for one in found].count(0.2) == 1
    for one in found:
        assert one.steps == 300
        episodes = one.dialogues - CONFIG.scripted_episodes
        assert one.curve[-1][0] == episodes
        # Updates begin after 100 steps.
        assert one.updates == pytest.approx(201 * one.rate / episodes, abs=0.15)


def test_figures_are_read_as_they_were_written(tmp_path: Path) -> None:
    figures = [
        Figures(RULES, OWN, 0.3, -6.0, 16.0),
        Figures(RANDOM, OWN, 0.0, -50.0, 29.0, curve=[(1, -60.0)]),
    ]
    save(tmp_path / "file", figures)
    assert [replace(one, curve=[*map(tuple, one.curve)]) for one in load(tmp_path / "file")] == figures
    assert len(groups_of(figures + figures)) == 2


def test_the_protocol_learns_by_epochs_and_empties_its_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol_a, "EPOCH_DIALOGUES", 10)
    monkeypatch.setattr(protocol_a, "FLUSH_FROM", 0.0)
    scores = protocol_a.run(OUR_FOLDER, seed=0, epochs=6)
    assert len(scores) == 6
    for score in scores:
        assert 0 <= score.success <= 1
        # Each dialogue has a step for two turns; a step costs 1, but the last.
        expected = 80 * score.success - 40 * (1 - score.success) - (score.turns / 2 - 1)
        assert score.reward == pytest.approx(expected)
    assert scores == protocol_a.run(OUR_FOLDER, seed=0, epochs=6)
    assert scores != protocol_a.run(OUR_FOLDER, seed=1, epochs=6)
