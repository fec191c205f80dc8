"""The training loop: act, step, store, learn."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from dqn_fast.agent import DQN
from dqn_fast.envs import Environments, RestoreError
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.memory import Memory
from dqn_fast.training.metrics import Metrics, MetricsRow


class TrainingLoop:
    """Trains an agent, from wherever it is.

    Steps are environment steps, all environments together: with N of them a round of the loop is N steps.
    Whatever their number, each is followed by as many learner updates.

    Args:
        config: lengths and periods.
        environments: acted in; not closed.
        agent: acts and learns, in place.
        memory: filled, in place.
        on_row: called with a row of metrics every `log_period` environment steps and after the last step.
        on_checkpoint: called every `checkpoint_period` environment steps, after the row, and where the
            loop is told to stop.
        should_stop: asked before every round; True ends the loop there.

    Attributes:
        step: environment steps made.
        metrics: what happened.
    """

    def __init__(
        self,
        config: TrainConfig,
        environments: Environments,
        agent: DQN,
        memory: Memory,
        *,
        on_row: Callable[[MetricsRow], None],
        on_checkpoint: Callable[[], None] = lambda: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self.step = 0
        self.metrics = Metrics(config.return_window, environments.num_envs)
        self._config = config
        self._environments = environments
        self._agent = agent
        self._memory = memory
        self._on_row = on_row
        self._on_checkpoint = on_checkpoint
        self._should_stop = should_stop
        self._obs: Any = None

    def run(self) -> None:
        """Train until `total_steps` environment steps are made, or until told to stop."""
        config = self._config
        if self._obs is None:
            self._obs = self._environments.reset()
        while self.step < config.total_steps:
            if self._should_stop():
                # Before the row, which a run that goes on does not have.
                self._on_checkpoint()
                if self.step == 0 or self.step > self.metrics.row_step:
                    self._on_row(self._row())
                return
            before = self.step
            self._act()
            if updates := self._updates_due(before):
                self._learn(updates)
            if self.step >= config.total_steps or self._passed(config.log_period, before):
                self._on_row(self._row())
            if config.checkpoint_period and self._passed(config.checkpoint_period, before):
                self._on_checkpoint()

    def state_dict(self) -> dict[str, Any]:
        """Return where the loop is, to be saved; agent and memory are saved beside it."""
        return {
            "step": self.step,
            "metrics": self.metrics.state_dict(),
            "environments": self._environments.state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where the loop was that `state` was taken from.

        Environments that cannot be brought back begin new episodes; a warning says so.
        """
        self.step = state["step"]
        self.metrics.load_state_dict(state["metrics"])
        try:
            self._obs = self._environments.restore(state["environments"])
            lost = "" if self._obs is not None else "these environments cannot be put back to where they were"
        except RestoreError as error:
            lost = str(error)
        if lost:
            warnings.warn(f"{lost}; new episodes begin, and the run goes on differently", stacklevel=2)
            self.metrics.abandon_episodes()

    def _act(self) -> None:
        obs = self._obs
        action = self._agent.act(obs, self.step + 1)
        after = self._environments.step(action)
        self._memory.store(obs, action, after)
        self.metrics.stepped(after)
        self.step += len(after.reward) if after.mask is None else int(np.count_nonzero(after.mask))
        self._obs = after.obs

    def _updates_due(self, before: int) -> int:
        """Learner updates for the steps after `before`: one round for each multiple of `learn_period`."""
        config = self._config
        if self.step < config.learning_starts:
            return 0
        first = max(before, config.learning_starts - 1)
        return (self.step // config.learn_period - first // config.learn_period) * config.learn_updates

    def _learn(self, updates: int) -> None:
        experience = self._memory.experience
        for batch in experience.batches(self.step, updates):
            learned = self._agent.learn(batch, self.step)
            experience.learned(batch, learned.td_error)
            self.metrics.add_update(learned)

    def _passed(self, period: int, before: int) -> bool:
        return self.step // period > before // period

    def _row(self) -> MetricsRow:
        agent = self._agent
        epsilon = agent.policy.figures(self.step)["epsilon"]
        return self.metrics.row(self.step, agent.updates, epsilon, agent.learning_rate_schedule(self.step))
