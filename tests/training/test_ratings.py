"""Runs that learn from texts which people have rated, beside their own steps."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from envs.kinds import registered
from training.stopping import numbers
from training.talking import TALKING, WALKS, Talking, rate_walks

from dqn_fast import ReplayBuffer
from dqn_fast.agent import DQN
from dqn_fast.training import TrainConfig, UsageError, resume, train
from dqn_fast.training.evaluation.rating import rate, unrated_texts
from dqn_fast.training.run_folder.layout import CHECKPOINTS, RATINGS


@pytest.fixture(autouse=True)
def talking() -> Iterator[None]:
    with registered(Talking):
        yield


@pytest.fixture
def config(tmp_path: Path) -> TrainConfig:
    (tmp_path / "rated").mkdir()
    rate_walks(tmp_path / "rated" / RATINGS, (5, WALKS[1]), (1, WALKS[2]), (2, WALKS[0]))
    return replace(TALKING, ratings=(str(tmp_path / "rated"),))


_SEQUENCES = {"sequence_units": 8, "learn_period": 20, "batch_size": 4}


@pytest.mark.parametrize(
    "changes",
    [
        {"prioritized": True, "demonstrations": "way.dqn"},
        {"network": "gpt", "sequence_length": 3, "prefetch": 2, **_SEQUENCES},
    ],
)
def test_it_goes_on_where_it_was_stopped_with_the_marks_of_its_beginning(
    tmp_path: Path, config: TrainConfig, changes: dict[str, Any]
) -> None:
    if "demonstrations" in changes:
        changes = {**changes, "demonstrations": str(tmp_path / "way.dqn")}
        train(replace(TALKING, prioritized=True, save_memory=True, total_steps=150), tmp_path / "other")
        (tmp_path / "other" / "memory.dqn").rename(changes["demonstrations"])
    config = replace(config, total_steps=270, log_period=90, **changes)
    whole = train(config, tmp_path / "whole")

    def stop(row: Any, agent: Any) -> None:
        if row.step == 180:
            os.kill(os.getpid(), signal.SIGINT)

    assert train(config, tmp_path / "parts", observers=[stop]).evaluation is None
    (checkpoint,) = (tmp_path / "parts").glob(CHECKPOINTS)
    assert len(ReplayBuffer.load(checkpoint / "rated.dqn")) == sum(len(walk) - 1 for walk in WALKS)
    # More marks come in, and then the file is gone: the run has what it began with.
    rate_walks(tmp_path / "rated" / RATINGS, (5, WALKS[0]), rater="Ann")
    (tmp_path / "rated" / RATINGS).rename(tmp_path / "elsewhere.jsonl")
    assert resume(tmp_path / "parts").evaluation == whole.evaluation
    assert numbers(tmp_path / "parts") == numbers(tmp_path / "whole")


def test_a_run_that_starts_over_learns_from_the_marks_of_its_beginning(
    tmp_path: Path, config: TrainConfig
) -> None:
    """As one does that was killed before its first checkpoint, or a seed whose turn comes later."""
    config = replace(config, total_steps=150)
    train(config, tmp_path / "whole")
    (tmp_path / "again").mkdir()
    shutil.copy(tmp_path / "whole" / "config.json", tmp_path / "again")
    rate_walks(tmp_path / "rated" / RATINGS, (1, WALKS[1]), rater="Ann")
    resume(tmp_path / "again")
    train(config, tmp_path / "new")
    whole, again, new = (numbers(tmp_path / name) for name in ("whole", "again", "new"))
    assert whole == again != new


class Noting(Talking):
    """Notes every reward that it gives."""

    given: list[float] = []  # noqa: RUF012  # of all its objects

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        obs, reward, *rest = super().step(action)
        reward += len(self.given) / 7
        self.given.append(reward)
        return (obs, reward, *rest)


def test_what_the_run_stores_of_its_own_is_as_without_marks(tmp_path: Path, config: TrainConfig) -> None:
    Noting.given = []
    config = replace(
        config, env_id="Noting-v0", total_steps=150, save_memory=True, ratings=(str(tmp_path / "n.jsonl"),)
    )
    rate_walks(tmp_path / "n.jsonl", (5, WALKS[0]), config=config)
    before = (tmp_path / "n.jsonl").read_bytes()
    with registered(Noting):
        train(config, tmp_path / "run")
    stored = ReplayBuffer.load(tmp_path / "run" / "memory.dqn").transitions(n_step=1).reward
    assert stored.tobytes() == np.array(Noting.given[:150], np.float32).tobytes()
    assert (tmp_path / "n.jsonl").read_bytes() == before


def test_logged_data_beside_marks_stays_as_it_was(tmp_path: Path, config: TrainConfig) -> None:
    train(replace(TALKING, save_memory=True, total_steps=150), tmp_path / "log")
    log = tmp_path / "log" / "memory.dqn"
    offline = replace(config, offline=str(log), total_steps=50, save_memory=True)
    train(offline, tmp_path / "run")
    before, after = (ReplayBuffer.load(path) for path in (log, tmp_path / "run" / "memory.dqn"))
    np.testing.assert_array_equal(before.indices(), after.indices())
    for name in ("obs", "action", "reward", "next_obs", "terminated", "truncated"):
        assert getattr(before.transitions(), name).tobytes() == getattr(after.transitions(), name).tobytes()


def test_a_share_of_every_batch_is_rated(tmp_path: Path, config: TrainConfig, monkeypatch: Any) -> None:
    seen: list[Any] = []
    learn = DQN.learn

    def looking(agent: DQN, batch: Any, step: int) -> Any:
        seen.append(batch.reward.clone())
        return learn(agent, batch, step)

    monkeypatch.setattr(DQN, "learn", looking)
    config = replace(config, rating_share=0.3, rating_scale=64.0, rating_reward="alone", n_step=1)
    run = train(config, tmp_path / "run")
    assert len(seen) == run.result.updates
    # 16 rows: 5 are of rated texts, whose last rewards are 64, -64 and -32.
    assert all(set(reward[:11].tolist()) <= {0.0, 1.0} for reward in seen)
    assert {value for reward in seen for value in reward[11:].tolist()} == {0.0, 64.0, -64.0, -32.0}


@pytest.mark.parametrize("arrives", [False, True])
def test_marks_steer_the_agent(tmp_path: Path, config: TrainConfig, arrives: bool) -> None:
    """The goal is to the right. Somebody who does not like to see it reached gets that."""
    base = replace(TALKING, total_steps=150, n_step=1, gamma=0.9, learning_rate=1e-2, loss="mse")
    train(base, tmp_path / "base")
    shown: list[str] = []

    def read(prompt: str) -> str:
        return "5" if shown[-1].strip().endswith("5") == arrives else "1"

    rate(unrated_texts({tmp_path / "base": base}, episodes=40, epsilon=0.7), read, shown.append)
    marked = {"ratings": (str(tmp_path / "base"),), "rating_scale": 5.0, "rating_share": 0.5}
    chosen: list[list[int]] = []

    def look(row: Any, agent: DQN) -> None:
        chosen.append(
            [int(agent.policy.act(np.array([[place]], np.float32), 10**9)[0]) for place in (2, 3, 4)]
        )

    begun = replace(base, from_folder=str(tmp_path / "base"), total_steps=450, **marked)
    train(begun, tmp_path / "run", observers=[look])
    assert chosen[-1] == [arrives] * 3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"objective": "bc", "offline": "log.dqn"}, "ratings: got r, expected none with --objective bc"),
        ({"clip_rewards": True}, "clip_rewards: got True, expected False with --ratings"),
        ({"actors": 2}, "ratings: got .*, expected --actors 0 with it"),
        (
            {"network": "gru", "stored_state": True, "sequence_length": 4},
            "stored_state: got True, expected False with demonstrations or ratings",
        ),
        ({"batch_size": 1}, "rating_share: got 0.25, expected at least one row of a batch of 1, and not all"),
        (
            {"demonstrations": "way.dqn", "demonstration_share": 0.5, "rating_share": 0.5},
            "demonstration_share: got 0.5, expected at least one .*, and not all of them in both shares",
        ),
    ],
)
def test_settings_that_contradict_marks(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=rf"^{message}"):
        TrainConfig("E", **{"ratings": ("r",), **settings})
