"""Observers: a user's own code in a run, which gets every row of metrics, and may end the training."""

from __future__ import annotations

from typing import Protocol

from dqn_fast.agent import DQN
from dqn_fast.training.metrics import MetricsRow


class StopTraining(Exception):
    """Raised by an observer to end the training; the evaluation follows.

    The run is complete, as after `total_steps`. (Ctrl-C, in contrast, interrupts a run.)
    """


class Observer(Protocol):
    """Called with every row of metrics, every `log_period` environment steps, after the run's reports.

    Any error that it raises ends the run; `StopTraining` ends it in order. It may read and change the agent.
    Its own state is not in a checkpoint: pass observers to `resume`, too.
    """

    def __call__(self, row: MetricsRow, agent: DQN) -> None:
        """Observe a row.

        Args:
            row: of metrics.
            agent: that is being trained.
        """
        ...
