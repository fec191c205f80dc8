"""What is seen of deaths: who was asked how often, which priorities are wrong, and what the table says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from deaths import ActorDies
from faults import table
from gymnasium.spaces import Box, Discrete
from watched_run import ANGLE, Checked

from dqn_fast.distributed.messages import Drawn, Given
from dqn_fast.distributed.shard import Part
from dqn_fast.training import TrainConfig


def test_chunks_that_begin_and_end_between_two_looks_count() -> None:
    seen, transport = ActorDies(), SimpleNamespace(workers=[])
    members = [SimpleNamespace(turn=0, call=None) for _ in range(3)]
    loop: Any = SimpleNamespace(crew=SimpleNamespace(members=members))
    for turn in range(1, 9):
        members[turn % 2].turn = turn  # no call is ever under way when somebody looks; the third never works
        seen(loop, transport)  # type: ignore[arg-type]
    assert seen._rows[-1][1] == [4, 4, 0]


def test_rates_before_and_behind_a_death() -> None:
    seen = ActorDies()
    seen._killed = 20.0
    # Ten chunks a second of each; without the third, twelve; it is back at 30.
    counts = np.zeros(3)
    for tick in range(500):
        at = tick / 10
        counts += [1.2, 1.2, 0.0] if 20 < at < 30 else 1.0
        seen._rows.append((at, [round(count) for count in counts]))
    result = seen.result()
    assert result["others_kept"] == pytest.approx(1.2, rel=0.03)
    assert result["plays_again"] == pytest.approx(10, abs=0.3)
    assert result["full_rate"] == pytest.approx(10, abs=0.5)


def test_a_priority_that_reaches_another_transition_is_seen() -> None:
    config = TrainConfig("CartPole-v1", prioritized=True, capacity=64, batch_size=8)
    shard = Checked(config, Part(0, 1, Box(-9.0, 9.0, (4,)), Discrete(2)))

    def add(angles: range) -> None:
        for angle in angles:
            obs = np.full(4, angle / 1000, np.float32)
            shard._buffer.add(obs, 0, 0.0, obs + 1, True, False)

    def give(priorities: Any) -> tuple[int, int]:
        shard.give([Given(drawn.generation, drawn.indices, priorities)])
        return shard.counts()

    add(range(1, 40))
    drawn = shard.draw([], 0.5)
    assert isinstance(drawn, Drawn)
    right = np.abs(drawn.obs[:, ANGLE].astype(np.float64))
    assert give(right) == (8, 0)
    assert give(right + 1e-6) == (16, 8)
    add(range(100, 400))  # all are evicted
    assert give(right + 1e-6) == (16, 8)


def test_the_table_has_the_parts_that_were_measured() -> None:
    actor = {"date": "2000-01-01", "ray": "2", "others_kept": 0.9, "plays_again": 5.0, "full_rate": 6.04}
    counts = {"killed": 3, "exceptions": 0, "given": 1_000, "wrong": 2, "stale": 7}
    shard = {"date": "2000-01-02", "ray": "2", **counts}
    both, one = table({"actor": actor, "shard": shard}), table({"actor": actor})
    assert "| 0.8 | 0.90 |" in both and "| 20 s | 6.0 s |" in both
    assert "| wrong ones of 1,000 priorities | 0 | 2 |" in both
    assert "2000-01-01, Ray 2 and 2000-01-02, Ray 2" in both
    assert "| 20 s | 6.0 s |" in one and "wrong" not in one
