"""Writing by a language model whose words a pretrained body reads."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from bodies import save_body, save_tokenizer
from training.small_writer import small_writer
from training.stopping import numbers

from dqn_fast.agent import DQN
from dqn_fast.agent.networks.pretrained import load_pretrained, word_vectors
from dqn_fast.cli import main
from dqn_fast.training import MetricsRow, TrainConfig, UsageError, evaluate_run, resume, train
from dqn_fast.training.parts import build_agent, build_env, build_q_net
from dqn_fast.training.parts.beginning import doubts_about
from dqn_fast.training.presets import pretraining_of

TOKENS = 50


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrainConfig:
    config = small_writer(tmp_path, monkeypatch)
    body = save_body(tmp_path / "body", eos_token_id=0, vocab_size=TOKENS)
    text = Path(config.env_kwargs["text"]).read_text().lower()
    save_tokenizer(tmp_path / "body", text.splitlines(), TOKENS)
    return replace(config, body=body, total_steps=400, log_period=100, checkpoint_period=100, eval_episodes=8)


def built(config: TrainConfig, build: Any = build_q_net) -> Any:
    with build_env(config) as env:
        return build(config, env.observation_space, env.action_space)


def test_it_learns_and_stops_and_goes_on_and_writes(
    config: TrainConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    run = train(config, whole)
    assert run.evaluation is not None

    def press(row: MetricsRow, agent: DQN) -> None:
        if row.step == 200:
            os.kill(os.getpid(), signal.SIGINT)

    assert train(config, parts, observers=[press]).evaluation is None
    resume(parts)
    assert numbers(parts) == numbers(whole)
    assert evaluate_run(whole) == run.evaluation
    _require_good_model(whole)
    capsys.readouterr()
    assert main(["write", str(whole), "--prompt", "my old", "--n", "3"]) == 0
    assert capsys.readouterr().out.count("  my old ") == 3


@pytest.mark.parametrize("weights", ["shared", "trained"])
def test_bodies_that_learn_with_the_model(weights: str, config: TrainConfig, tmp_path: Path) -> None:
    run = train(replace(config, body_weights=weights), tmp_path / "run")
    assert evaluate_run(tmp_path / "run") == run.evaluation
    _require_good_model(tmp_path / "run")
    before, after = (
        torch.load(tmp_path / folder / "model.pt", weights_only=True)["q_net"]
        for folder in ("run/pretrain", "run")
    )
    loaded = load_pretrained(config.body[3:]).net.state_dict()
    (name,) = [name for name in before if name.endswith("h.1.attn.c_attn.weight")]
    assert not torch.equal(before[name], loaded["h.1.attn.c_attn.weight"])  # it has learnt
    for name, weight in before.items():
        assert torch.equal(after[name], weight)


def _require_good_model(folder: Path) -> None:
    result, first = (json.loads((path / "result.json").read_text()) for path in (folder, folder / "pretrain"))
    assert 1 < result["perplexity"] < 12  # of 22 words
    assert result["perplexity"] == pytest.approx(first["perplexity"], rel=1e-6)


def test_words_begin_with_the_vectors_of_their_tokens(config: TrainConfig, tmp_path: Path) -> None:
    q_net = built(config, build_agent).q_net
    assert doubts_about(q_net) == ()
    expected = word_vectors(
        config.body[3:], load_pretrained(config.body[3:]), q_net.actions.words, q_net.actions.joint
    )
    assert torch.equal(q_net.body.table, expected)
    (tmp_path / "body" / "tokenizer.json").unlink()
    other = built(config, build_agent).q_net
    assert torch.equal(other.body.table, built(config).body.table)  # as drawn
    assert doubts_about(other) == (
        "vectors of 22 of 22 words begin random: the body has no tokenizer that knows them",
    )
    assert doubts_about(built(replace(config, pretrain="", from_folder="run"), build_agent).q_net) == ()


def test_a_finished_run_needs_no_tokenizer(config: TrainConfig, tmp_path: Path) -> None:
    run = train(replace(pretraining_of(config), total_steps=2), tmp_path / "run")  # type: ignore[type-var]
    (tmp_path / "body" / "tokenizer.json").write_text("{")
    assert evaluate_run(tmp_path / "run") == run.evaluation
    with pytest.raises(UsageError, match=r"^body: got hf:"):
        built(config, build_agent)


@pytest.mark.parametrize("weights", ["frozen", "shared", "trained"])
def test_what_does_not_learn_takes_its_memory_once(weights: str, config: TrainConfig, tmp_path: Path) -> None:
    """Below values nothing of the model learns, and it never reads the vectors of the body's own tokens."""
    config = replace(config, body_weights=weights)
    agent = built(config, build_agent)
    learns = sum(one.numel() for one in agent.q_net.head.of_words.parameters())
    assert agent.parameters.vector.numel() == learns
    target = dict(agent.target.target_net.named_parameters())
    own = {name: one for name, one in agent.q_net.named_parameters() if name in target}
    assert {name for name in own if target[name] is not own[name]} == {
        name for name in own if name.startswith("head.of_words.")
    }
    first = pretraining_of(config)
    assert first is not None
    model = built(first, build_agent)
    learned = {name for name, one in model.q_net.named_parameters() if one.requires_grad}
    assert {"body.table", "body.bias"} <= learned
    assert any("attn" in name for name in learned) == (weights != "frozen")
    assert not any("wte" in name for name in learned)


@pytest.mark.parametrize(
    ("body", "settings", "complaint"),
    [
        (
            {"kind": "bert"},
            {},
            "body: got hf:.*, expected gpt2 where each step is a token: tokens of bert see",
        ),
        ({"kind": "xlnet"}, {}, "body: got hf:.*, expected gpt2 where each step is a token: tokens of xlnet"),
        ({"n_positions": 7}, {}, "body: got hf:.* with 7 positions, expected at least 8"),
        ({}, {"embedding": 8}, "embedding: got 8, expected 0 or 16, the width of hf:"),
        (
            {},
            {"sequence_length": 4, "stored_state": True},
            "stored_state: got True, expected False with a body: its state grows with the sentence",
        ),
        ({}, {"objective": "td"}, "body: got hf:.*, expected the keys tokens and length in observations, or"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    body: Any, settings: Any, complaint: str, config: TrainConfig, tmp_path: Path
) -> None:
    config = replace(config, body=save_body(tmp_path / "other", **body), **settings)
    with pytest.raises(UsageError, match=f"^{complaint}") as error:
        built(config)
    assert "\n" not in str(error.value)
