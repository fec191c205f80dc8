"""Writing on a tiny text, from the command line to result.json: both phases, resumed and evaluated."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training.small_writer import small_writer

from dqn_fast.agent import DQN
from dqn_fast.cli import main
from dqn_fast.errors import SettingError
from dqn_fast.training import TrainConfig, resume, train
from dqn_fast.training.evaluation.writing import optimum
from dqn_fast.training.metrics import MetricsRow
from dqn_fast.training.run import evaluate_run

OTHERS = ("model", "best_of_16", "myopic")
FIGURES = {"reward", "perplexity_under_model", "judge", "distinct_2", "length"}


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrainConfig:
    return small_writer(tmp_path, monkeypatch)


def numbers(folder: Path) -> dict[str, Any]:
    result = json.loads((folder / "result.json").read_text())
    return {name: value for name, value in result.items() if "second" not in name}


def test_it_learns_and_stops_and_goes_on(
    config: TrainConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    run = train(config, whole)
    assert run.evaluation is not None
    result = numbers(whole)
    assert result.keys() > FIGURES
    assert all(result[name].keys() == FIGURES for name in OTHERS)
    assert result["optimum"].keys() == {"beta", "reward", "effective_samples"}
    assert 1 < result["perplexity"] < 8
    # The model says the word in one of five sentences; both need no more than its own words for more.
    assert result["model"]["reward"] < 0.5 < min(result["reward"], result["myopic"]["reward"])
    assert result["best_of_16"]["reward"] > 0.8
    first = numbers(whole / "pretrain")
    assert first["perplexity"] == pytest.approx(result["perplexity"], rel=1e-6)
    assert first.keys() > FIGURES

    evaluation = evaluate_run(whole)
    assert evaluation == run.evaluation
    assert evaluate_run(whole, seed=5) != evaluation

    text = (whole / "writing.txt").read_text()
    assert "the language model" in text.splitlines()[0]
    assert (whole / "writing.png").stat().st_size > 5_000

    def press(row: MetricsRow, agent: DQN) -> None:
        if row.step == 1_200:
            os.kill(os.getpid(), signal.SIGINT)

    assert train(config, parts, observers=[press]).evaluation is None
    resume(parts)
    assert numbers(parts) == result
    for name in ("model.pt", "pretrain/model.pt", "writing.txt", "episodes.txt"):
        assert (parts / name).read_bytes() == (whole / name).read_bytes()
    _write(whole, capsys)
    _change_the_text(config, whole, capsys)


def _write(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    written = []
    for _ in range(2):
        assert main(["write", str(folder), "--prompt", "My old", "--n", "4", "--seed", "1"]) == 0
        written.append(capsys.readouterr().out.splitlines())
    assert written[0] == written[1]
    assert len(written[0]) == 4
    assert all(line[5:].strip().startswith("my old ") for line in written[0])
    for arguments, complaint in [
        (["--prompt", "my queen"], "dqn-fast: word: got 'queen', expected one of the vocabulary, such as "),
        (["--n", "0"], "dqn-fast: --n: got 0, expected at least 1"),
        (
            ["--prompt", "the " * 8],
            "dqn-fast: --prompt: got 8 words, expected fewer than the 8 of a sentence",
        ),
    ]:
        assert main(["write", str(folder), *arguments]) == 2
        assert capsys.readouterr().err.startswith(complaint)


def _change_the_text(config: TrainConfig, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A model is not used with other words than those that it learnt, even if there are as many."""
    path = Path(config.env_kwargs["text"])
    path.write_text(path.read_text().replace("terrible", "horrible"))
    from dqn_fast.text import read_corpus

    read_corpus.cache_clear()
    assert main(["write", str(folder)]) == 2
    assert "text: got another vocabulary than the model's" in capsys.readouterr().err


def test_the_optimum_is_the_model_weighted_by_what_sentences_earn() -> None:
    """Against the expectation itself, for four sentences."""
    probability, reward, beta = np.array([0.6, 0.25, 0.1, 0.05]), np.array([-0.5, 0.0, 0.4, 0.9]), 0.3
    drawn = np.random.default_rng(0).choice(4, 50_000, p=probability)
    weights = probability * np.exp(reward / beta)
    found = optimum(reward[drawn], beta)
    assert found["reward"] == pytest.approx(float(weights @ reward / weights.sum()), abs=0.02)
    assert found["effective_samples"] == pytest.approx(
        50_000 * weights.sum() ** 2 / (probability @ np.exp(2 * reward / beta)), rel=0.1
    )
    assert optimum(reward[drawn[:150]], 0.01)["reward"] is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"network": "feedforward"}, "network: got 'feedforward', expected one of lstm, gru, gpt with"),
        ({"n_step": 3}, "n_step: got 3, expected 1 with --objective soft"),
        ({"soft_beta": 0.0}, "soft_beta: got 0.0, expected above 0 and finite"),
    ],
)
def test_settings_that_do_not_fit(config: TrainConfig, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=f"^{message}"):
        replace(config, **changes)


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "dqn_fast/Writer-v0", "--output", str(tmp_path / "run")]) == 2
    assert "text: got none, expected a text file: --text FILE" in capsys.readouterr().err
    soft = ["--objective", "soft", "--network", "gru", "--n-step", "1", "--output", str(tmp_path / "run")]
    assert main(["train", "CartPole-v1", *soft]) == 2
    assert "--objective: got soft, expected another for CartPole-v1" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
