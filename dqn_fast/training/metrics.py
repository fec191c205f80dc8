"""Metrics of a run: one row every so many environment steps."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Any, NamedTuple

from dqn_fast.agent import UpdateResult


class MetricsRow(NamedTuple):
    """Measurements up to one environment step; NaN where there is nothing to measure yet.

    In a run from data alone, steps are learner updates.

    Attributes:
        step: environment steps so far.
        updates: learner updates so far.
        episodes: finished episodes so far.
        return_mean: mean undiscounted return of the latest `return_window` finished episodes.
        return_std: standard deviation of these returns (divided by their number).
        epsilon: probability of a random action; NaN if the policy has none.
        loss: mean loss of the updates since the last row.
        q: mean value of the actions in the updates since the last row.
        learning_rate: of the optimiser.
        steps_per_second: environment steps per second since the last row.
        seconds: since the run's first step.
        return_min: least return of the latest finished episodes; NaN in rows of version 0.1.0.
        return_max: greatest return of the latest finished episodes; NaN in rows of version 0.1.0.
        eval_return_mean: mean return of the evaluation that was made with this row to choose the best weights
            (without exploration; of fewer episodes if the weights fell behind); NaN if there was none.
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
    return_min: float = math.nan
    return_max: float = math.nan
    eval_return_mean: float = math.nan


class Metrics:
    """Collects measurements and makes rows of them.

    Args:
        return_window: number of latest episodes whose returns are averaged.
        clock: returns seconds from any origin.

    Attributes:
        row_step: environment step of the last row; 0 before the first.
    """

    def __init__(self, return_window: int, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._start = self._last_time = clock()
        self.row_step = 0
        self._episodes = 0
        self._returns: deque[float] = deque(maxlen=return_window)
        self._updates = 0  # since the last row, as are the sums
        self._loss_sum = self._q_sum = 0.0

    def begin(self) -> None:
        """Start the clock: the run's first step is next."""
        self._start = self._last_time = self._clock()

    @property
    def returns(self) -> list[float]:
        """Returns of the latest `return_window` finished episodes."""
        return list(self._returns)

    @property
    def seconds(self) -> float:
        """Seconds since the run's first step; a resumed run continues those of its checkpoint."""
        return self._clock() - self._start

    def add_episode(self, episode_return: float) -> None:
        """Add the undiscounted return of a finished episode."""
        self._returns.append(episode_return)
        self._episodes += 1

    def add_update(self, update: UpdateResult) -> None:
        """Add the result of a learner update."""
        self._updates += 1
        self._loss_sum += update.loss
        self._q_sum += update.q

    def row(self, step: int, updates: int, learning_rate: float, figures: Mapping[str, float]) -> MetricsRow:
        """Return the row for environment step `step`, and begin the next row.

        Args:
            step: environment steps so far.
            updates: learner updates so far.
            learning_rate: at that step.
            figures: of the policy; "epsilon" becomes a column.
        """
        now = self._clock()
        mean, std = _mean_and_std(self._returns)
        row = MetricsRow(
            step=step,
            updates=updates,
            episodes=self._episodes,
            return_mean=mean,
            return_std=std,
            epsilon=figures.get("epsilon", math.nan),
            loss=self._loss_sum / self._updates if self._updates else math.nan,
            q=self._q_sum / self._updates if self._updates else math.nan,
            learning_rate=learning_rate,
            steps_per_second=(step - self.row_step) / max(now - self._last_time, 1e-9),
            seconds=now - self._start,
            return_min=min(self._returns, default=math.nan),
            return_max=max(self._returns, default=math.nan),
        )
        self._last_time, self.row_step = now, step
        self._updates, self._loss_sum, self._q_sum = 0, 0.0, 0.0
        return row

    def state_dict(self) -> dict[str, Any]:
        """Return all measurements; times are seconds before now."""
        now = self._clock()
        return {
            "seconds": now - self._start,
            "row_seconds": now - self._last_time,
            "row_step": self.row_step,
            "episodes": self._episodes,
            "returns": list(self._returns),
            "learned": (self._updates, self._loss_sum, self._q_sum),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state`; the time in between does not count."""
        now = self._clock()
        self._start, self._last_time = now - state["seconds"], now - state["row_seconds"]
        self.row_step, self._episodes = state["row_step"], state["episodes"]
        self._returns.clear()
        self._returns.extend(state["returns"])
        self._updates, self._loss_sum, self._q_sum = state["learned"]


def _mean_and_std(values: Sequence[float]) -> tuple[float, float]:
    if not values:
        return math.nan, math.nan
    mean = fmean(values)
    return mean, math.dist(values, [mean] * len(values)) / math.sqrt(len(values))
