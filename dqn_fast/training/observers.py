"""A user's own code in a run: it gets every row of metrics and the agent, and may end the training."""

from __future__ import annotations

from typing import Protocol

from dqn_fast.agent import DQN
from dqn_fast.training.metrics import MetricsRow


class StopTraining(Exception):
    """Raised by an observer: the training ends here, and the run goes on with its evaluation.

    It is complete then, as if `total_steps` had been reached. (Ctrl-C, in contrast, interrupts a run.)
    """


class Observer(Protocol):
    """Called with every row of metrics, so every `log_period` environment steps, after the run's reports.

    What it raises ends the run there; `StopTraining` ends it in order. It may read and change the agent, but
    what it remembers itself is not in a checkpoint: `resume` must be given observers, too.
    """

    def __call__(self, row: MetricsRow, agent: DQN) -> None:
        """Take note of `row`; `agent` is the one that is being trained."""
        ...
