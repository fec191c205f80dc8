"""A policy with memory goes through a whole run: trained, evaluated, selected, recorded and resumed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from training.counting import Counting, action_at
from training.stopping import CONFIG, Interrupting, numbers, stopped

from dqn_fast.replay import ReplayBuffer
from dqn_fast.training import evaluate_run, record_video, resume, train
from dqn_fast.training.parts.agent import build_agent
from dqn_fast.training.run_folder.checkpoint import STATE
from dqn_fast.training.run_folder.layout import CHECKPOINTS, MEMORY


class Drawn(Interrupting):
    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode

    def render(self) -> Any:
        return np.zeros((8, 8, 3), np.uint8)


@pytest.fixture(autouse=True)
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every agent acts by one, and every evaluation and film."""

    def build(config: Any, *spaces: Any) -> Any:
        agent = build_agent(config, *spaces)
        agent.policy = Counting(config.num_envs)
        return agent

    monkeypatch.setattr("dqn_fast.training.parts.run.build_agent", build)
    for module in ("run", "evaluation.selection", "evaluation.video"):
        monkeypatch.setattr(f"dqn_fast.training.{module}.greedy_policy", lambda q_net: Counting(1))
    gym.register("Drawn-v0", Drawn)
    yield
    del gym.registry["Drawn-v0"]
    Interrupting.presses_at = 0


@pytest.mark.parametrize("num_envs", [1, 3])
def test_it_goes_on_where_it_was_stopped(tmp_path: Path, num_envs: int) -> None:
    config = replace(CONFIG, env_id="Drawn-v0", num_envs=num_envs, prioritized=True)
    whole = train(config, tmp_path / "whole")
    for presses_at in (1, 155, 333):
        parts = tmp_path / str(presses_at)
        stopped(config, parts, presses_at)
        assert resume(parts).evaluation == whole.evaluation
        assert numbers(parts) == numbers(tmp_path / "whole")


@pytest.mark.parametrize("num_envs", [1, 3])
def test_a_checkpoint_holds_what_it_remembers_and_what_is_stored_of_it(tmp_path: Path, num_envs: int) -> None:
    stopped(replace(CONFIG, env_id="Drawn-v0", num_envs=num_envs), tmp_path, 333)
    (checkpoint,) = tmp_path.glob(CHECKPOINTS)
    state = torch.load(checkpoint / STATE, weights_only=False)
    (collector,) = state["loop"]["collectors"]
    steps = [len(np.frombuffer(one.actions, np.int64)) for one in collector["environments"]]
    assert collector["policy"]["counts"] == steps
    stored = ReplayBuffer.load(checkpoint / MEMORY).transitions()
    assert stored.extra["count"].max() == 4  # the fifth step is the last, if it was reset
    assert (stored.action == action_at(stored.extra["count"])).all()


def test_it_is_evaluated_and_filmed_from_each_episodes_beginning(tmp_path: Path) -> None:
    pytest.importorskip("av")
    config = replace(CONFIG, env_id="Drawn-v0", eval_episodes=8)
    run = train(config, tmp_path)
    assert run.evaluation is not None
    assert (run.evaluation.returns, run.evaluation.cut) == ([1.0] * 8, 0)
    assert run.evaluation == evaluate_run(tmp_path)
    assert record_video(tmp_path, config, episodes=8).returns == [1.0] * 8
