"""The learner: an agent, and where the batches come from that it learns from."""

from __future__ import annotations

from dqn_fast.agent import DQN, Experience
from dqn_fast.training.metrics import Metrics


class Learner:
    """Makes learner updates. It knows nothing of environments.

    Args:
        agent: learns, in place.
        experience: gives batches, and is told of their TD errors.
        metrics: told of every update.
    """

    def __init__(self, agent: DQN, experience: Experience, metrics: Metrics) -> None:
        self.agent = agent
        self._experience = experience
        self._metrics = metrics

    def learn(self, step: int, updates: int) -> None:
        """Make learner updates.

        Args:
            step: of the run, for the schedules.
            updates: how many.
        """
        for batch in self._experience.batches(step, updates):
            update = self.agent.learn(batch, step)
            self._experience.learned(batch, update.td_error)
            self._metrics.add_update(update)
