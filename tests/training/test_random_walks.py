"""The presets of random walks on the easy graph, whose own walks are about two thirds as good as the best."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from training.stopping import numbers

from dqn_fast.agent import DQN
from dqn_fast.training import MetricsRow, TrainConfig, preset_of, resume, train

ONLINE = preset_of("dqn_fast/RandomWalks-v0")
OFFLINE = preset_of("dqn_fast/RandomWalks-v0", "random-walks-offline")


@pytest.mark.parametrize(
    ("config", "least", "most"),
    [
        (ONLINE, 0.95, 1.0),
        (OFFLINE, 0.9, 1.0),
        (replace(OFFLINE, objective="bc", total_steps=200), 0.3, 0.8),
    ],
    ids=["online", "offline", "cloned"],
)
def test_the_optimality_of_the_last_weights(
    config: TrainConfig, least: float, most: float, tmp_path: Path
) -> None:
    """Twenty episodes are every start once, and the policy has no randomness: this is exact."""
    train(config, tmp_path)
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["eval_episodes"] == 20
    assert result["optimality"] == pytest.approx(result["eval_return_mean"])
    assert least <= result["optimality"] <= most


@pytest.mark.parametrize("config", [ONLINE, OFFLINE], ids=["online", "offline"])
def test_ctrl_c_and_resume(config: TrainConfig, tmp_path: Path) -> None:
    """Walks are put back where they were, and the data of random walks is the same."""
    small = {"sequence_units": 8, "gpt_layers": 1, "batch_size": 4, "learn_updates": 1}
    if config.offline is None:
        small |= {"total_steps": 800, "log_period": 300, "learning_starts": 64}
    else:
        small |= {"total_steps": 40, "log_period": 15, "capacity": 200}
    short = replace(config, **small)

    def press(row: MetricsRow, agent: DQN) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    train(short, tmp_path / "whole")
    assert train(short, tmp_path / "parts", observers=[press]).evaluation is None
    resume(tmp_path / "parts")
    assert numbers(tmp_path / "parts") == numbers(tmp_path / "whole")
