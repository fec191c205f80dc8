"""A run that begins with another one's weights."""

from __future__ import annotations

import copy
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest
import torch
from torch.nn.utils import parameters_to_vector
from training.short import short
from training.stopping import CONFIG as STOPPING
from training.stopping import Interrupting, numbers, stopped

from dqn_fast.cli import main
from dqn_fast.training import UsageError, load_model, resume, train

CONFIG = short("CartPole-v1", 120)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first")
    train(CONFIG, folder)
    return folder


def test_it_begins_with_the_weights_and_nothing_else(first: Path, tmp_path: Path) -> None:
    weights = load_model(first).state_dict()
    seen: list[tuple[Any, ...]] = []

    def look(row: Any, agent: Any) -> None:
        if not seen:
            nets = agent.q_net, agent.target.target_net
            seen.append((row.step, agent.updates, *(copy.deepcopy(net.state_dict()) for net in nets)))

    config = replace(CONFIG, total_steps=150, from_folder=str(first), seed=5, log_period=50)
    train(config, tmp_path / "second", observers=[look])
    (step, updates, *states), *_ = seen
    assert (step, updates) == (50, 0)
    for state in states:
        assert all(torch.equal(state[name], weights[name]) for name in weights)
    other = parameters_to_vector(load_model(tmp_path / "second").parameters())
    assert not torch.equal(other, parameters_to_vector(load_model(first).parameters())), "it learns"


def test_it_goes_on_exactly_and_needs_the_folder_no_more(tmp_path: Path) -> None:
    gym.register("Interrupting-v0", Interrupting)
    try:
        train(STOPPING, tmp_path / "first")
        config = replace(STOPPING, from_folder=str(tmp_path / "first"), seed=9)
        train(config, tmp_path / "whole")
        stopped(config, tmp_path / "parts", 333)
        shutil.rmtree(tmp_path / "first")
        resume(tmp_path / "parts")
        assert numbers(tmp_path / "parts") == numbers(tmp_path / "whole")
    finally:
        del gym.registry["Interrupting-v0"]


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (
            {"hidden_sizes": (9,)},
            r"body\.0\.weight is \(8, 4\) instead of \(9, 4\), .*: hidden_sizes .* here",
        ),
        ({"dueling": True}, r".* is missing instead of \(.*\), .*: dueling False there and True here"),
        (
            {"env_id": "Acrobot-v1"},
            r"body\.0\.weight is \(8, 4\) instead of \(8, 6\), expected weights that fit:"
            r" env_id CartPole-v1 there and Acrobot-v1 here",
        ),
    ],
)
def test_weights_that_do_not_fit_are_one_line(
    first: Path, tmp_path: Path, settings: dict[str, Any], line: str
) -> None:
    with pytest.raises(UsageError, match=f"^from_folder: got {first}, whose {line}$"):
        train(replace(CONFIG, from_folder=str(first), **settings), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_on_the_command_line(
    first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ["train", "CartPole-v1", "--total-steps", "120", "--learning-starts", "100"]
    assert main([*arguments, "--from", str(first)]) == 2
    assert capsys.readouterr().err.startswith(f"dqn-fast: --from: got {first}, whose body.0.weight is (8, 4)")
    assert main([*arguments, "--from", "nowhere"]) == 2
    assert capsys.readouterr().err.startswith("dqn-fast: nowhere holds no run: ")
    (tmp_path / "config.json").write_text('{"env_id": "CartPole-v1"}')
    assert main([*arguments, "--from", "."]) == 2
    assert capsys.readouterr().err.startswith("dqn-fast: . has no model yet: ")
    ended = [*arguments, "--from", str(first), "--hidden-sizes", "8", "--eval-episodes", "1", "--no-video"]
    assert main([*ended, "--output", "out"]) == 0
