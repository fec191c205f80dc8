"""A run that meets a number that is not finite stops there, says so, and keeps its best."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from training.broken import Broken
from training.short import short

from dqn_fast.cli import main
from dqn_fast.training import NotFiniteError, evaluate_run, resume, train
from dqn_fast.training.run_folder.layout import CHECKPOINTS

CONFIG = short(
    "Broken-obs-v0", 600, hidden_sizes=(16,), batch_size=64, n_step=1, log_period=50, checkpoint_period=150
)
OPTIONS = [
    *["--total-steps", "600", "--learning-starts", "100", "--hidden-sizes", "16", "--log-period", "50"],
    *["--checkpoint-period", "150", "--selection-period", "0", "--eval-episodes", "2", "--no-video"],
]


@pytest.fixture(autouse=True)
def from_the_first_step() -> None:
    Broken.steps_made = 0


def weights_are_finite(folder: Path) -> bool:
    weights = torch.load(folder / "model.pt", weights_only=True)["q_net"]
    return all(value.isfinite().all() for value in weights.values())


@pytest.mark.parametrize("max_grad_norm", [10.0, math.inf])
@pytest.mark.parametrize("prioritized", [False, True])
@pytest.mark.parametrize("num_envs", [1, 3])
def test_the_last_good_weights_and_checkpoint_are_kept(
    tmp_path: Path, max_grad_norm: float, prioritized: bool, num_envs: int
) -> None:
    changes: dict[str, Any] = {"max_grad_norm": max_grad_norm, "prioritized": prioritized}
    config = replace(CONFIG, num_envs=num_envs, **changes)
    line = (
        r"^Broken-obs-v0: loss: got nan, expected a finite number, in learner update \d+ at environment step"
        r" 3\d\d \(not finite: .*next_obs\); the model in .* has the weights that were last before it$"
    )
    with pytest.raises(NotFiniteError, match=line):
        train(config, tmp_path)
    assert weights_are_finite(tmp_path)
    (checkpoint,) = tmp_path.glob(CHECKPOINTS)
    assert checkpoint.name in ("checkpoint-000000000150", "checkpoint-000000000300")
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["interrupted"] is True
    assert 300 <= result["steps"] == result["model_step"] < 400
    assert (tmp_path / "learning_curve.png").exists()


def test_the_best_weights_are_the_model(tmp_path: Path) -> None:
    config = replace(CONFIG, selection_period=100, selection_episodes=1)
    with pytest.raises(NotFiniteError, match=r"; the model in .* weights that were best, of step \d+$"):
        train(config, tmp_path)
    assert weights_are_finite(tmp_path)
    assert json.loads((tmp_path / "result.json").read_text())["model_step"] % 100 == 0


def test_a_run_that_goes_on_meets_it_again(tmp_path: Path) -> None:
    with pytest.raises(NotFiniteError) as first:
        train(CONFIG, tmp_path)
    Broken.steps_made = 300  # where the checkpoint is; to play the episode again makes some steps, too
    with pytest.raises(NotFiniteError, match=r"^Broken-obs-v0: loss: got nan") as again:
        resume(tmp_path)
    assert str(again.value).split("(")[0] == str(first.value).split("(")[0]
    assert weights_are_finite(tmp_path)


def test_a_reward_is_named(tmp_path: Path) -> None:
    line = r"^Broken-reward-v0: reward: got inf, expected a finite number, at environment step 300; the model"
    with pytest.raises(NotFiniteError, match=line):
        train(replace(CONFIG, env_id="Broken-reward-v0", clip_rewards=True), tmp_path)
    assert weights_are_finite(tmp_path)


@pytest.mark.parametrize("changes", [{}, {"double": False}, {"n_step": 3, "prioritized": True}])
def test_what_follows_an_end_stops_nothing(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert train(replace(CONFIG, env_id="Broken-end-v0", **changes), tmp_path).evaluation
    assert weights_are_finite(tmp_path)


def test_one_line_and_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "training.broken:Broken-obs-v0", *OPTIONS, "--output", str(tmp_path)]) == 1
    stdout, stderr = capsys.readouterr()
    assert stdout == ""
    *_, line = [line for line in stderr.splitlines() if line.startswith("dqn-fast: ")]
    assert line.startswith("dqn-fast: training.broken:Broken-obs-v0: loss: got nan, expected a finite number")
    Broken.steps_made = -10_000
    assert evaluate_run(tmp_path)
