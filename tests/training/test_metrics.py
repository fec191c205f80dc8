"""Rows of metrics from episodes and updates."""

from __future__ import annotations

import io
import math

import pytest
import torch

from dqn_fast.agent import UpdateResult
from dqn_fast.training.metrics import Metrics


def learned(loss: float, q: float) -> UpdateResult:
    return UpdateResult(torch.zeros(1), loss, q)


def test_rows() -> None:
    times = iter([10.0, 12.0, 13.0])
    metrics = Metrics(return_window=2, clock=lambda: next(times))
    first = metrics.row(100, 0, 0.1, {})
    assert all(
        math.isnan(value)
        for value in (
            first.return_mean,
            first.return_std,
            first.return_min,
            first.return_max,
            first.loss,
            first.q,
            first.epsilon,
        )
    )
    assert (first.step, first.episodes, first.steps_per_second, first.seconds) == (100, 0, 50.0, 2.0)

    for episode_return in (1000.0, 10.0, 20.0):
        metrics.add_episode(episode_return)
    metrics.add_update(learned(1.0, 5.0))
    metrics.add_update(learned(2.0, 7.0))
    second = metrics.row(300, 2, 0.05, {"epsilon": 0.5, "sigma": 0.3})
    assert (second.return_mean, second.return_std, second.episodes) == (15.0, 5.0, 3)
    assert (second.return_min, second.return_max) == (10.0, 20.0)
    assert (second.loss, second.q, second.updates) == (1.5, 6.0, 2)
    assert second.steps_per_second == pytest.approx(200)
    assert (second.epsilon, second.learning_rate) == (0.5, 0.05)


def test_what_was_gathered_goes_on_after_a_break_that_does_not_count() -> None:
    clock = [10.0]
    metrics = Metrics(return_window=2, clock=lambda: clock[0])
    metrics.add_episode(3.0)
    clock[0] = 12.0
    metrics.row(100, 5, 0.1, {})
    metrics.add_update(learned(1.0, 5.0))
    clock[0] = 13.0
    file = io.BytesIO()
    torch.save(metrics.state_dict(), file)

    clock[0] = 1000.0
    later = Metrics(return_window=2, clock=lambda: clock[0])
    file.seek(0)
    later.load_state_dict(torch.load(file))
    later.add_episode(6.0)
    later.add_update(learned(3.0, 7.0))
    clock[0] = 1001.0
    row = later.row(300, 6, 0.1, {})
    assert later.returns == [3.0, 6.0]
    assert (row.seconds, row.steps_per_second, row.episodes, row.loss, row.q) == (4.0, 100.0, 2, 2.0, 6.0)
