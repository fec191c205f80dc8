"""Runs that learn from their own steps and from demonstrations together."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from envs.kinds import registered
from training.stopping import CONFIG, Interrupting, numbers
from training.tiny import Tiny

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer
from dqn_fast.agent import DQN
from dqn_fast.training import TrainConfig, UsageError, resume, train
from dqn_fast.training.run_folder.layout import CHECKPOINTS


@pytest.fixture(autouse=True)
def tiny() -> Iterator[None]:
    with registered(Tiny, Interrupting):
        yield


def log(path: Path, kind: type[ReplayBuffer] = ReplayBuffer) -> str:
    """Save the way from place 0 to the goal."""
    buffer = kind(10, Tiny.observation_space, Tiny.action_space, seed=0)
    for place in range(5):
        at, after = (np.full(1, one, np.float32) for one in (place, place + 1))
        buffer.add(at, 1, float(place == 4), after, place == 4)
    buffer.save(path / "way.dqn")
    return str(path / "way.dqn")


@pytest.mark.parametrize(
    "changes",
    [{}, {"prioritized": True}, {"network": "gru", "sequence_units": 8, "learn_period": 20, "batch_size": 4}],
)
def test_it_goes_on_where_it_was_stopped_without_the_dataset(tmp_path: Path, changes: dict[str, Any]) -> None:
    way = log(tmp_path, PrioritizedReplayBuffer if changes.get("prioritized") else ReplayBuffer)
    config = replace(CONFIG, env_id="Tiny-v0", demonstrations=way, **changes)
    whole = train(config, tmp_path / "whole")

    def stop(row: Any, agent: Any) -> None:
        if row.step == 330:
            os.kill(os.getpid(), signal.SIGINT)

    assert train(config, tmp_path / "parts", observers=[stop]).evaluation is None
    (checkpoint,) = (tmp_path / "parts").glob(CHECKPOINTS)
    assert len(ReplayBuffer.load(checkpoint / "memory.dqn")) >= 330
    assert len(ReplayBuffer.load(checkpoint / "demonstrations.dqn")) == 5
    Path(way).unlink()
    assert resume(tmp_path / "parts").evaluation == whole.evaluation
    assert numbers(tmp_path / "parts") == numbers(tmp_path / "whole")


class Right(Tiny):
    """Says of every place that it is 0: only demonstrations of other places can be told from it."""

    def _obs(self) -> Any:
        return np.zeros(1, np.float32)


def test_a_share_of_every_batch_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    learn = DQN.learn

    def looking(agent: DQN, batch: Any, step: int) -> Any:
        seen.append(batch.obs.clone())
        return learn(agent, batch, step)

    monkeypatch.setattr(DQN, "learn", looking)
    config = replace(CONFIG, env_id="Right-v0", demonstrations=log(tmp_path), demonstration_share=0.3)
    with registered(Right):
        run = train(config, tmp_path / "run")
    assert len(seen) == run.result.updates
    assert all((obs[:11] == 0).all() for obs in seen)  # 16 rows: 5 are shown
    shown = torch.cat([obs[11:] for obs in seen])
    assert set(shown.flatten().tolist()) == {0.0, 1.0, 2.0, 3.0, 4.0}
    assert all(len(obs) == 16 for obs in seen)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"offline": "log.dqn"}, "demonstrations: got way.dqn, expected none with --offline"),
        (
            {"network": "gru", "sequence_length": 4, "stored_state": True},
            "stored_state: got True, expected False with demonstrations or ratings",
        ),
        ({"batch_size": 1}, "demonstration_share: got 0.25, expected at least one row of a batch of 1, and"),
        ({"demonstration_share": 0.999}, "demonstration_share: got 0.999, expected at least one row of a b"),
    ],
)
def test_settings_that_contradict_demonstrations(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=f"^{message}"):
        TrainConfig("E", demonstrations="way.dqn", **settings)


def test_demonstrations_that_do_not_fit_are_named(tmp_path: Path) -> None:
    way = log(tmp_path)
    with pytest.raises(UsageError, match=r"^demonstrations: got .*, expected a dataset for CartPole-v1: "):
        train(TrainConfig("CartPole-v1", demonstrations=way), tmp_path / "run")
    assert not (tmp_path / "run").exists()
