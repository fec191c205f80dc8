"""How fast actors and learner may go: so many updates a step, as in one process, with a tolerance."""

from __future__ import annotations

from typing import NamedTuple

from dqn_fast.training.config import TrainConfig


class Pace(NamedTuple):
    """A rate limit between actors and learner, as reverb's samples per insert (Cassirer et al., 2021).

    Attributes:
        starts: environment steps before the first update.
        period: environment steps from one round of updates to the next.
        updates: of a round.
        tolerance: environment steps that actors may be ahead.
    """

    starts: int
    period: int
    updates: int
    tolerance: int

    @classmethod
    def of(cls, config: TrainConfig) -> Pace:
        """Return the pace of a run; its learner makes the updates that one process would make."""
        return cls(config.learning_starts, config.learn_period, config.learn_updates, config.rate_tolerance)

    def due(self, step: int, made: int) -> int:
        """Return the updates to be made at a step.

        Args:
            step: environment steps that are stored.
            made: learner updates so far.
        """
        if step < self.starts:
            return 0
        rounds = step // self.period - (self.starts - 1) // self.period
        return max(rounds * self.updates - made, 0)

    def room(self, step: int, made: int) -> int:
        """Return the environment steps that actors may be asked for; 0 or less if they are far enough ahead.

        Those up to the next round of updates may always be made: who waits is waited for by nobody.

        Args:
            step: environment steps that are stored, or that actors are at work on.
            made: learner updates so far.
        """
        rounds = (self.starts - 1) // self.period + made // self.updates + 1
        return max(rounds * self.period, self.starts) + self.tolerance - step
