"""Metrics of a run: one row every so many environment steps."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from dqn_fast.agent import Learned


class MetricsRow(NamedTuple):
    """What was measured up to one environment step; NaN where there is nothing to measure yet.

    Attributes:
        step: environment steps so far.
        updates: learner updates so far.
        episodes: finished episodes so far.
        return_mean: mean undiscounted return of the latest finished episodes.
        return_std: their standard deviation (divided by their number).
        epsilon: probability of a random action.
        loss: mean loss of the updates since the last row.
        q: mean value of the actions learned about since the last row.
        learning_rate: of the optimiser.
        steps_per_second: environment steps per second since the last row.
        seconds: since the run's first step.
    """

    step: int
    updates: int
    episodes: int
    return_mean: float
    return_std: float
    epsilon: float
    loss: float
    q: float
    learning_rate: float
    steps_per_second: float
    seconds: float


class Metrics:
    """Gathers what happens and gives rows.

    Args:
        return_window: latest episodes that the return is averaged over.
        clock: seconds, from any origin.
    """

    def __init__(self, return_window: int, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._start = self._last_time = clock()
        self._last_step = 0
        self._episodes = 0
        self._returns: deque[float] = deque(maxlen=return_window)
        self._losses: list[Tensor] = []
        self._qs: list[Tensor] = []

    def episode_ended(self, episode_return: float) -> None:
        """Take note of a finished episode."""
        self._episodes += 1
        self._returns.append(episode_return)

    def learned(self, learned: Learned) -> None:
        """Take note of a learner update, without reading its tensors yet."""
        self._losses.append(learned.loss)
        self._qs.append(learned.q)

    def row(self, step: int, updates: int, epsilon: float, learning_rate: float) -> MetricsRow:
        """Return the row for environment step `step` and begin the next."""
        now = self._clock()
        row = MetricsRow(
            step=step,
            updates=updates,
            episodes=self._episodes,
            return_mean=float(np.mean(self._returns)) if self._returns else math.nan,
            return_std=float(np.std(self._returns)) if self._returns else math.nan,
            epsilon=epsilon,
            loss=_mean(self._losses),
            q=_mean(self._qs),
            learning_rate=learning_rate,
            steps_per_second=(step - self._last_step) / max(now - self._last_time, 1e-9),
            seconds=now - self._start,
        )
        self._last_time, self._last_step = now, step
        self._losses.clear()
        self._qs.clear()
        return row


def _mean(values: list[Tensor]) -> float:
    return float(torch.stack(values).mean()) if values else math.nan
