"""The training loop: collect, learn, report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dqn_fast.training.collector import Collector
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.learner import Learner
from dqn_fast.training.metrics import Metrics, MetricsRow


class TrainingLoop:
    """Trains an agent, from wherever it is.

    Steps are environment steps, all environments of all collectors together: with N of them a round of the
    loop is N steps. Whatever their number, each is followed by as many learner updates.

    Without a collector the learner has what was stored before, and steps are learner updates: a round is
    `learn_updates` of them, and all lengths, periods and schedules of the configuration count updates.

    Args:
        config: lengths and periods.
        collectors: act in turn, one step of each a round; the first one's policy gives the rows' figures.
        learner: learns, as often as is due.
        metrics: what collectors and learner tell of.
        on_row: called with a row of metrics every `log_period` steps and after the last step.
        on_checkpoint: called every `checkpoint_period` steps, after the row, and where the loop is told to
            stop.
        should_stop: asked before every round; True ends the loop there.

    Attributes:
        step: steps made.
        metrics: what happened.
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
        """Train until `total_steps` are made, or until told to stop."""
        config = self._config
        for collector in self._collectors:
            collector.begin()
        if self.step == 0:
            self.metrics.begin()
        while self.step < config.total_steps:
            if self._should_stop():
                # Before the row, which a run that goes on does not have.
                self._on_checkpoint()
                if self.step == 0 or self.step > self.metrics.row_step:
                    self._on_row(self._row())
                return
            before = self.step
            if updates := self._advance():
                self._learner.learn(self.step, updates)
            if self.step >= config.total_steps or self._passed(config.log_period, before):
                self._on_row(self._row())
            if config.checkpoint_period and self._passed(config.checkpoint_period, before):
                self._on_checkpoint()

    def state_dict(self) -> dict[str, Any]:
        """Return where the loop is, to be saved; agent and buffer are saved beside it."""
        return {
            "step": self.step,
            "metrics": self.metrics.state_dict(),
            "collectors": [collector.state_dict() for collector in self._collectors],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where the loop was that `state` was taken from; its agent must have been brought back.

        Environments that cannot be brought back begin new episodes; a warning says so.
        """
        self.step = state["step"]
        self.metrics.load_state_dict(state["metrics"])
        states = state["collectors"] if "collectors" in state else [self._state_of_0_1_0(state)]
        for collector, its_state in zip(self._collectors, states, strict=True):
            collector.load_state_dict(its_state)

    def _collect(self) -> int:
        """Make a step of every collector; return the updates that are due: a round every `learn_period`."""
        config, before = self._config, self.step
        for collector in self._collectors:
            self.step += collector.collect(self.step + 1)
        if self.step < config.learning_starts:
            return 0
        first = max(before, config.learning_starts - 1)
        return (self.step // config.learn_period - first // config.learn_period) * config.learn_updates

    def _count(self) -> int:
        """Count the updates of a round without a collector, and return how many they are."""
        self.step += self._config.learn_updates
        return self._config.learn_updates

    def _passed(self, period: int, before: int) -> bool:
        return self.step // period > before // period

    def _row(self) -> MetricsRow:
        agent, step = self._learner.agent, self.step
        figures = self._collectors[0].policy.figures(step) if self._collectors else {}
        return self.metrics.row(step, agent.updates, agent.learning_rate_schedule(step), figures)

    def _state_of_0_1_0(self, state: dict[str, Any]) -> dict[str, Any]:
        """The state of the only collector that version 0.1.0 had; its policy's was saved with the agent."""
        return {
            "environments": state["environments"],
            "returns": state["metrics"]["running"],
            "policy": self._collectors[0].policy.state_dict(),
        }
