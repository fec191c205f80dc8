"""A run that begins with one of its own: two runs in turn, and resumed as if they had never stopped."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dqn_fast.agent import DQN
from dqn_fast.errors import SettingError, UsageError
from dqn_fast.tasks.wordle import play, random_word_that_fits
from dqn_fast.tasks.wordle.rules import rules_of
from dqn_fast.training import TrainConfig, preset_of, resume, train
from dqn_fast.training.metrics import MetricsRow
from dqn_fast.training.presets import PRESETS, Preset, pretraining_of
from dqn_fast.training.run_folder.model import load_config

WORDS = ("abbey", "babel", "blade", "eerie", "geese", "level", "lever", "salsa", "lease", "abide", "belle")
SIZES = (16,)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrainConfig:
    """Return a small one of Wordle's presets, and make the other one small, too."""
    path = tmp_path / "words.txt"
    path.write_text("".join(f"{word}\n" for word in WORDS), encoding="utf-8")
    offline = {
        **PRESETS["wordle-offline"].settings,
        "capacity": 1_000,
        "total_steps": 60,
        "batch_size": 64,
        "log_period": 20,
        "checkpoint_period": 20,
        "eval_episodes": len(WORDS),
    }
    monkeypatch.setitem(PRESETS, "wordle-offline", Preset(("dqn_fast/Wordle-v0",), offline))
    return replace(
        preset_of("dqn_fast/Wordle-v0"),
        env_kwargs={"words": str(path)},
        hidden_sizes=SIZES,
        forms=3,
        num_envs=8,
        total_steps=400,
        learn_period=8,
        scripted_episodes=50,
        capacity=1_000,
        batch_size=32,
        learning_starts=8,
        log_period=80,
        checkpoint_period=80,
        eval_episodes=len(WORDS),
    )


def files(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in ("model.pt", "pretrain/model.pt", "episodes.txt")}


def press_at(step: int) -> Any:
    def press(row: MetricsRow, agent: DQN) -> None:
        if row.step == step:
            os.kill(os.getpid(), signal.SIGINT)

    return press


def test_it_begins_with_the_last_weights_of_the_other(config: TrainConfig, tmp_path: Path) -> None:
    run = train(config, tmp_path / "both")
    assert run.evaluation is not None
    first = pretraining_of(config)
    assert first is not None
    train(first, tmp_path / "first")
    second = replace(config, pretrain="", from_folder=str(tmp_path / "first"))
    train(second, tmp_path / "second")
    both = files(tmp_path / "both")
    assert both["pretrain/model.pt"] == (tmp_path / "first" / "model.pt").read_bytes()
    assert both["model.pt"] == (tmp_path / "second" / "model.pt").read_bytes()
    assert both["model.pt"] != both["pretrain/model.pt"]
    assert load_config(tmp_path / "both" / "pretrain") == first
    assert run.result.unit == "steps"
    train(replace(second, total_steps=16), tmp_path / "both", overwrite=True)
    assert not (tmp_path / "both" / "pretrain").exists()


def test_stopped_in_either_it_goes_on_as_if_it_had_not(
    config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(config, tmp_path / "whole")
    from dqn_fast.training import run as module

    original = module._run

    def stopped_at_40(config: TrainConfig, folder: Path, *others: Any) -> Any:
        *rest, _ = others
        return original(config, folder, *rest, [press_at(40)])

    with monkeypatch.context() as patched:
        patched.setattr(module, "_run", stopped_at_40)
        stopped = train(config, tmp_path / "parts")
    assert stopped.evaluation is None
    assert (stopped.result.unit, stopped.result.steps) == ("updates", 40)
    assert not (tmp_path / "parts" / "result.json").exists()
    stopped = resume(tmp_path / "parts", observers=[press_at(160)])
    assert stopped.evaluation is None
    assert (stopped.result.unit, stopped.result.steps) == ("steps", 160)
    assert resume(tmp_path / "parts").evaluation is not None
    assert files(tmp_path / "parts") == files(tmp_path / "whole")
    with pytest.raises(UsageError, match="got a complete run"):
        resume(tmp_path / "parts")


def test_environment_network_and_seed_are_those_of_the_run(config: TrainConfig) -> None:
    first = pretraining_of(replace(config, seed=3, threads=2, learning_rate=0.5))
    assert first is not None
    assert (first.env_kwargs, first.hidden_sizes, first.forms) == (config.env_kwargs, SIZES, 3)
    assert (first.seed, first.threads, first.num_envs) == (3, 2, 1)
    assert (first.objective, first.offline, first.learning_rate) == ("iql", "scripted", 2e-3)
    assert pretraining_of(first) is None


def test_what_is_refused(config: TrainConfig, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="pretrain: got nothing, expected one of"):
        train(replace(config, pretrain="nothing"), tmp_path / "run")
    with pytest.raises(SettingError, match="pretrain: got wordle, expected a preset without one of its own"):
        train(replace(config, pretrain="wordle"), tmp_path / "run")
    assert not (tmp_path / "run").exists()
    with pytest.raises(SettingError, match="pretrain: got wordle-offline, expected none with --from"):
        replace(config, from_folder="runs/other")


def test_words_are_learned(config: TrainConfig, tmp_path: Path) -> None:
    """From games of its data alone, it plays nearly as well as one who knows which words fit."""
    first = pretraining_of(config)
    assert first is not None
    run = train(replace(first, capacity=2_000, total_steps=300), tmp_path / "run")
    assert run.evaluation is not None
    generator, rules = np.random.default_rng(0), rules_of(WORDS)
    games = [
        play(rules, hidden, lambda game: random_word_that_fits(game, generator))
        for hidden in [*range(len(WORDS))] * 50
    ]
    fitting = np.mean([game.solved - len(game.guesses) for game in games])
    assert run.evaluation.mean > fitting - 0.3
    assert run.evaluation.figures["solved"] > 0.9
    text = (tmp_path / "run" / "episodes.txt").read_text(encoding="utf-8")
    assert text.count("hidden: ") == 3
