"""The learner: an agent, and the source of its batches."""

from __future__ import annotations

from typing import Any

from dqn_fast.agent import DQN, BatchSource, HandOff
from dqn_fast.training.metrics import Metrics


class Learner:
    """Makes learner updates. It does not know the environments.

    Args:
        agent: learns, in place.
        source: gives batches, and gets their TD errors.
        metrics: gets the result of every update.
    """

    def __init__(self, agent: DQN, source: BatchSource, metrics: Metrics) -> None:
        self.agent = agent
        self._source = source
        self._metrics = metrics

    def learn(self, step: int, updates: int) -> None:
        """Make learner updates.

        Args:
            step: environment step, for the schedules.
            updates: number of updates.
        """
        for batch in self._source.batches(step, updates):
            update = self.agent.learn(batch, step)
            self._source.update_priorities(batch, update.td_error)
            self._metrics.add_update(update)

    def state_dict(self) -> dict[str, Any]:
        """Return the batches that are drawn ahead; the agent is saved beside it."""
        return {"hand_off": self._source.state_dict()} if isinstance(self._source, HandOff) else {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        if isinstance(self._source, HandOff):
            self._source.load_state_dict(state.get("hand_off", {"ahead": []}))
