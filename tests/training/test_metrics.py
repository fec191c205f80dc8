"""Rows of metrics from what happened."""

from __future__ import annotations

import math

import pytest
import torch

from dqn_fast.agent import Learned
from dqn_fast.training.metrics import Metrics


def learned(loss: float, q: float) -> Learned:
    return Learned(torch.zeros(1), torch.tensor(loss), torch.tensor(q))


def test_rows() -> None:
    times = iter([10.0, 12.0, 13.0])
    metrics = Metrics(return_window=2, clock=lambda: next(times))
    first = metrics.row(100, 0, 1.0, 0.1)
    assert all(math.isnan(value) for value in (first.return_mean, first.return_std, first.loss, first.q))
    assert (first.step, first.episodes, first.steps_per_second, first.seconds) == (100, 0, 50.0, 2.0)

    for episode_return in (1000.0, 10.0, 20.0):
        metrics.episode_ended(episode_return)
    metrics.learned(learned(1.0, 5.0))
    metrics.learned(learned(2.0, 7.0))
    second = metrics.row(300, 2, 0.5, 0.05)
    assert (second.return_mean, second.return_std, second.episodes) == (15.0, 5.0, 3)
    assert (second.loss, second.q, second.updates) == (1.5, 6.0, 2)
    assert second.steps_per_second == pytest.approx(200)
    assert (second.epsilon, second.learning_rate) == (0.5, 0.05)
