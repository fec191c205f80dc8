"""Whole runs on pretrained bodies: exact to resume, small to save, and refused where the body has changed."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from bodies import KINDS, save_body
from envs.kinds import registered
from training.spelling import Spelling
from training.stopping import numbers

from dqn_fast.agent import DQN
from dqn_fast.training import (
    MetricsRow,
    TrainConfig,
    UsageError,
    evaluate_run,
    load_model,
    preset_of,
    resume,
    train,
)

ONLINE = replace(
    preset_of("dqn_fast/RandomWalks-v0"),
    total_steps=480,
    num_envs=8,
    learn_period=64,
    learning_starts=64,
    batch_size=8,
    log_period=200,
)
OFFLINE = replace(
    preset_of("dqn_fast/RandomWalks-v0", "random-walks-offline"),
    total_steps=12,
    capacity=200,
    batch_size=8,
    log_period=5,
)
SPELLING = TrainConfig(
    "Spelling-v0",
    total_steps=240,
    num_envs=4,
    learning_starts=100,
    learn_period=16,
    batch_size=16,
    hidden_sizes=(8,),
    log_period=100,
    selection_period=100,
    selection_episodes=2,
    eval_episodes=5,
)


def press(row: MetricsRow, agent: DQN) -> None:
    os.kill(os.getpid(), signal.SIGINT)


def resumes_exactly(config: TrainConfig, folder: Path) -> None:
    train(config, folder / "whole")
    assert train(config, folder / "parts", observers=[press]).evaluation is None
    resume(folder / "parts")
    assert numbers(folder / "parts") == numbers(folder / "whole")


@pytest.mark.parametrize(
    ("config", "weights"),
    [(ONLINE, "frozen"), (OFFLINE, "shared"), (ONLINE, "trained"), (OFFLINE, "frozen")],
    ids=["online", "offline, shared", "online, trained", "offline"],
)
def test_random_walks(config: TrainConfig, weights: str, tmp_path: Path) -> None:
    body = save_body(tmp_path / "body")
    config = replace(config, body=body, body_weights=weights)
    resumes_exactly(config, tmp_path)
    evaluation = evaluate_run(tmp_path / "whole")
    result = json.loads((tmp_path / "whole" / "result.json").read_text())
    assert evaluation is not None
    assert evaluation.mean == result["eval_return_mean"]
    saved = torch.load(tmp_path / "whole" / "model.pt", weights_only=True)["q_net"]
    assert any("h.1.attn" in name for name in saved) == (weights != "frozen")


@pytest.mark.parametrize("kind", KINDS)
def test_texts_in_observations(kind: str, tmp_path: Path) -> None:
    body = save_body(tmp_path / "body", kind)
    with registered(Spelling):
        resumes_exactly(replace(SPELLING, body=body), tmp_path)


def test_texts_without_a_body(tmp_path: Path) -> None:
    """An LSTM over what a small GPT makes of each observation."""
    with registered(Spelling):
        resumes_exactly(replace(SPELLING, network="lstm", sequence_units=8), tmp_path)


def test_a_small_model_of_our_own_learns_to_read(tmp_path: Path) -> None:
    config = replace(
        SPELLING,
        total_steps=1_600,
        learn_period=4,
        batch_size=32,
        selection_period=0,
        log_period=800,
        learning_rate=5e-3,
        adam_eps=1e-8,
        n_step=1,
        gamma=0.5,
        tau=0.1,
        epsilon_decay=0.5,
        sequence_units=16,
        gpt_layers=1,
        hidden_sizes=(32,),
        eval_episodes=50,
    )
    with registered(Spelling):
        run = train(config, tmp_path)
    assert run.evaluation is not None
    assert run.evaluation.mean > 0.8  # at random 0.2


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    train(replace(ONLINE, body=save_body(folder / "body"), keep_checkpoint=True), folder / "run")
    return folder


def changed(what: Any, trained: Path) -> str:
    """Change the body, do something, put it back, and return the line in which it was refused."""
    save_body(trained / "body", seed=1)
    try:
        with pytest.raises(UsageError) as error:
            what()
    finally:
        save_body(trained / "body")
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_run_whose_body_has_changed_is_refused(trained: Path) -> None:
    run = trained / "run"
    for what in (
        lambda: load_model(run),
        lambda: evaluate_run(run),
        lambda: resume(run, total_steps=600),
        lambda: train(
            replace(ONLINE, body=f"hf:{trained / 'body'}", from_folder=str(run)), trained / "other"
        ),
    ):
        assert "body: got weights of the digest" in changed(what, trained)
    load_model(run)
    resume(run, total_steps=600)


def test_heads_learn_from_data_and_then_from_their_own_walks(trained: Path, tmp_path: Path) -> None:
    body = f"hf:{trained / 'body'}"
    train(replace(OFFLINE, body=body), tmp_path / "offline")
    run = train(replace(ONLINE, body=body, from_folder=str(tmp_path / "offline")), tmp_path / "online")
    assert run.evaluation is not None


def test_an_episode_longer_than_the_body_ends_the_run_in_one_line(tmp_path: Path) -> None:
    body = save_body(tmp_path / "body", n_positions=2)
    with pytest.raises(
        UsageError, match=r"^body: got a text of 3 tokens, expected at most 2, its positions$"
    ):
        train(replace(ONLINE, body=body), tmp_path / "run")
