"""The training loop: collect, learn, report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dqn_fast.training.collector import Collector
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.learner import Learner
from dqn_fast.training.metrics import Metrics, MetricsRow


class TrainingLoop:
    """Trains an agent, from the step that it has reached.

    A step is a step of one environment: with N environments, over all collectors, a round of the loop is N
    steps. The ratio of learner updates to steps does not depend on N.

    Without a collector, the learner uses what was stored before, and a step is a learner update: a round is
    `learn_updates` steps, and all lengths, periods and schedules of the configuration count updates.

    Args:
        config: lengths and periods.
        collectors: each makes one step a round; the rows have the figures of the first one's policy.
        learner: makes the updates that are due.
        metrics: filled by collectors and learner.
        on_row: called with a row of metrics every `log_period` steps, and after the last step.
        on_checkpoint: called every `checkpoint_period` steps, after the row, and when the loop is stopped.
        should_stop: asked before every round; True ends the loop there.

    Attributes:
        step: steps made so far.
        metrics: of the training.
    """

    def __init__(
        self,
        config: TrainConfig,
        collectors: Sequence[Collector],
        learner: Learner,
        metrics: Metrics,
        *,
        on_row: Callable[[MetricsRow], None],
        on_checkpoint: Callable[[], None] = lambda: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self.step = 0
        self.metrics = metrics
        self._config = config
        self._collectors = collectors
        self._learner = learner
        self._advance = self._collect if collectors else self._count
        self._on_row = on_row
        self._on_checkpoint = on_checkpoint
        self._should_stop = should_stop

    def run(self) -> None:
        """Train for `total_steps`, or until stopped."""
        total_steps, log_period = self._config.total_steps, self._config.log_period
        checkpoint_period = self._config.checkpoint_period
        for collector in self._collectors:
            collector.begin()
        if self.step == 0:
            self.metrics.begin()
        while self.step < total_steps:
            if self._should_stop():
                # Before the row, which the resumed run will not have.
                self._on_checkpoint()
                if self.step == 0 or self.step > self.metrics.row_step:
                    self._on_row(self._row())
                return
            before = self.step
            if updates := self._advance():
                self._learner.learn(self.step, updates)
            step = self.step
            if step // log_period > before // log_period or step >= total_steps:
                self._learner.finish()
                self._on_row(self._row())
            if checkpoint_period and step // checkpoint_period > before // checkpoint_period:
                self._on_checkpoint()

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the loop; agent and buffer are saved beside it."""
        return {
            "step": self.step,
            "metrics": self.metrics.state_dict(),
            "collectors": [collector.state_dict() for collector in self._collectors],
            "learner": self._learner.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state`; the agent must be restored before.

        Environments that cannot be restored begin new episodes, with a warning.
        """
        self.step = state["step"]
        self.metrics.load_state_dict(state["metrics"])
        self._learner.load_state_dict(state.get("learner", {}))
        states = state["collectors"] if "collectors" in state else [self._state_of_0_1_0(state)]
        for collector, its_state in zip(self._collectors, states, strict=True):
            collector.load_state_dict(its_state)

    def _collect(self) -> int:
        """Make a step with every collector; return how many updates are due."""
        config, before = self._config, self.step
        for collector in self._collectors:
            self.step += collector.collect(self.step + 1)
        if self.step < config.learning_starts:
            return 0
        first = max(before, config.learning_starts - 1)
        return (self.step // config.learn_period - first // config.learn_period) * config.learn_updates

    def _count(self) -> int:
        """Count the updates of a round without a collector; return how many are due."""
        self.step += self._config.learn_updates
        return self._config.learn_updates

    def _row(self) -> MetricsRow:
        agent, step = self._learner.agent, self.step
        figures = self._collectors[0].policy.figures(step) if self._collectors else {}
        return self.metrics.row(step, agent.updates, agent.learning_rate_schedule(step), figures)

    def _state_of_0_1_0(self, state: dict[str, Any]) -> dict[str, Any]:
        """Return the state of the only collector of version 0.1.0, which saved the policy with the agent."""
        return {
            "environments": state["environments"],
            "returns": state["metrics"]["running"],
            "policy": self._collectors[0].policy.state_dict(),
        }
