"""Observers see every row and the agent, and may end the training, which is then complete."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import gymnasium as gym
import pytest
import torch
from training.short import short
from training.tiny import Tiny

from dqn_fast.agent import DQN
from dqn_fast.training import (
    MetricsRow,
    StopTraining,
    UsageError,
    build_env,
    evaluate_run,
    load_config,
    load_model,
    resume,
    train,
)

CONFIG = short("Tiny-v0", 600, batch_size=8, log_period=100, eval_episodes=3)


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    gym.register("Tiny-v0", Tiny)
    yield
    del gym.registry["Tiny-v0"]


class Notes:
    """Notes the step of each row and the agent's updates, and may stop or fail at a step."""

    def __init__(self, at: int = 0, error: type[Exception] | None = None) -> None:
        self.noted: list[tuple[int, bool]] = []
        self._at, self._error = at, error

    def __call__(self, row: MetricsRow, agent: DQN) -> None:
        self.noted.append((row.step, agent.updates == row.updates))
        if self._error and row.step == self._at:
            raise self._error


def test_they_get_every_row_and_the_agent_in_turn(tmp_path: Path) -> None:
    first, second = Notes(), Notes()
    run = train(CONFIG, str(tmp_path / "run"), observers=[first, second])
    assert first.noted == second.noted == [(step, True) for step in range(100, 601, 100)]
    plain = train(CONFIG, tmp_path / "plain")
    assert run.evaluation == plain.evaluation  # watching changes nothing


def test_one_ends_the_training_and_the_run_is_complete(tmp_path: Path) -> None:
    run = train(CONFIG, tmp_path, observers=[Notes(300, StopTraining)])
    assert (run.result.steps, run.result.interrupted) == (300, False)
    assert (tmp_path / "metrics.csv").read_text().splitlines()[-1].startswith("300,")
    assert run.evaluation is not None
    assert run.evaluation == evaluate_run(tmp_path)
    with pytest.raises(UsageError, match="got a complete run"):
        resume(tmp_path)


def test_what_else_it_raises_ends_the_run_which_can_go_on(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        train(
            replace(CONFIG, checkpoint_period=100),
            tmp_path / "run",
            observers=[Notes(300, ZeroDivisionError)],
        )
    notes = Notes()
    resume(tmp_path / "run", observers=[notes])
    assert [step for step, _ in notes.noted] == [300, 400, 500, 600]
    train(CONFIG, tmp_path / "plain")
    models = [
        load_model(tmp_path / name, load_config(tmp_path / name), build_env(CONFIG)).state_dict()
        for name in ("run", "plain")
    ]
    assert all(torch.equal(models[0][name], models[1][name]) for name in models[1])
