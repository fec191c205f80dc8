"""Rows of metrics from what happened."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from dqn_fast.agent import Learned
from dqn_fast.envs import Step
from dqn_fast.training.metrics import Metrics


def learned(loss: float, q: float) -> Learned:
    return Learned(torch.zeros(1), loss, q)


def step(
    reward: list[float], terminated: Sequence[bool] = (), truncated: Sequence[bool] = (), mask: Any = None
) -> Step:
    none = [False] * len(reward)
    ends = [np.array(flags or none) for flags in (terminated, truncated)]
    return Step(None, np.array(reward), None, *ends, np.flatnonzero(ends[0] | ends[1]).tolist(), mask)


def test_rows() -> None:
    times = iter([10.0, 12.0, 13.0])
    metrics = Metrics(return_window=2, clock=lambda: next(times))
    first = metrics.row(100, 0, 1.0, 0.1)
    assert all(math.isnan(value) for value in (first.return_mean, first.return_std, first.loss, first.q))
    assert (first.step, first.episodes, first.steps_per_second, first.seconds) == (100, 0, 50.0, 2.0)

    for episode_return in (1000.0, 10.0, 20.0):
        metrics.stepped(step([episode_return - 1]))
        metrics.stepped(step([1.0], truncated=[True]))
    metrics.add_update(learned(1.0, 5.0))
    metrics.add_update(learned(2.0, 7.0))
    second = metrics.row(300, 2, 0.5, 0.05)
    assert (second.return_mean, second.return_std, second.episodes) == (15.0, 5.0, 3)
    assert (second.loss, second.q, second.updates) == (1.5, 6.0, 2)
    assert second.steps_per_second == pytest.approx(200)
    assert (second.epsilon, second.learning_rate) == (0.5, 0.05)


def test_the_returns_of_several_environments_are_kept_apart() -> None:
    metrics = Metrics(return_window=10, num_envs=3)
    metrics.stepped(step([1.0, 10.0, 100.0]))
    metrics.stepped(step([2.0, 20.0, 200.0], terminated=[False, True, False]))
    metrics.stepped(step([4.0, 40.0, 400.0], terminated=[True, False, False], truncated=[False, True, False]))
    assert metrics.returns == [30.0, 7.0, 40.0]
    metrics.abandon_episodes()
    metrics.stepped(step([0.0, 0.0, 5.0], truncated=[False, False, True]))
    assert metrics.returns == [30.0, 7.0, 40.0, 5.0]


def test_what_was_gathered_goes_on_after_a_break_that_does_not_count() -> None:
    clock = [10.0]
    metrics = Metrics(return_window=2, clock=lambda: clock[0])
    metrics.stepped(step([3.0], terminated=[True]))
    clock[0] = 12.0
    metrics.row(100, 5, 1.0, 0.1)
    metrics.stepped(step([4.0]))
    metrics.add_update(learned(1.0, 5.0))
    clock[0] = 13.0
    file = io.BytesIO()
    torch.save(metrics.state_dict(), file)

    clock[0] = 1000.0
    later = Metrics(return_window=2, clock=lambda: clock[0])
    file.seek(0)
    later.load_state_dict(torch.load(file))
    later.stepped(step([2.0], truncated=[True]))
    later.add_update(learned(3.0, 7.0))
    clock[0] = 1001.0
    row = later.row(300, 6, 1.0, 0.1)
    assert later.returns == [3.0, 6.0]
    assert (row.seconds, row.steps_per_second, row.episodes, row.loss, row.q) == (4.0, 100.0, 2, 2.0, 6.0)
