"""The collector: environments, and the policy that acts in them; what happens is stored."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from math import isfinite
from typing import Any

import numpy as np

from dqn_fast.agent import Policy
from dqn_fast.envs import Environments, RestoreError
from dqn_fast.errors import NotFiniteError
from dqn_fast.training.metrics import Metrics
from dqn_fast.training.storing import Store


class Collector:
    """Acts in environments, stores what happens, and tells the metrics.

    It knows nothing of learning: a run may have several, or none.

    Args:
        environments: acted in; not closed.
        policy: chooses the actions.
        store: takes every step.
        metrics: told of every episode that ends.
    """

    def __init__(self, environments: Environments, policy: Policy, store: Store, metrics: Metrics) -> None:
        self.policy = policy
        self._environments = environments
        self._store = store
        self._metrics = metrics
        self._returns = np.zeros(environments.num_envs)  # of the episodes that go on
        self._obs: Any = None

    def begin(self) -> None:
        """Begin an episode in every environment, unless episodes go on there."""
        if self._obs is None:
            self._obs = self._environments.reset()
            self._returns[:] = 0.0
            self.policy.reset(range(len(self._returns)))

    def collect(self, step: int) -> int:
        """Make one step of all environments, which must have begun.

        Args:
            step: environment step of the run that the first of them makes.

        Returns:
            How many transitions that were: one for each environment, but for those that spent it on a reset.

        Raises:
            NotFiniteError: a reward is NaN or infinite; the step is not stored.
        """
        obs, policy = self._obs, self.policy
        action = policy.act(obs, step)
        after = self._environments.step(action)
        if not isfinite(sum(after.reward.tolist())):  # in a quarter of the time of np.isfinite(...).all()
            _require_finite(after.reward, step)
        self._store(obs, action, after, policy.extras())
        self._obs = after.obs
        self._returns += after.reward
        if after.ended:
            self._end(after.ended)
        if after.mask is None:
            return len(after.reward)
        # What a policy has seen in a step that was spent on a reset is no part of the new episode.
        spent = [row for row, is_transition in enumerate(after.mask.tolist()) if not is_transition]
        policy.reset(spent)
        return len(after.mask) - len(spent)

    def state_dict(self) -> dict[str, Any]:
        """Return where environments and policy are, to be saved."""
        return {
            "environments": self._environments.state(),
            "returns": self._returns.tolist(),
            "policy": self.policy.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where the collector was that `state` was taken from.

        Environments that cannot be brought back begin new episodes; a warning says so.
        """
        self.policy.load_state_dict(state["policy"])
        self._returns[:] = state["returns"]
        try:
            self._obs = self._environments.restore(state["environments"])
            lost = "" if self._obs is not None else "these environments cannot be put back to where they were"
        except RestoreError as error:
            self._obs, lost = None, str(error)
        if lost:
            warnings.warn(f"{lost}; new episodes begin, and the run goes on differently", stacklevel=2)

    def _end(self, rows: Sequence[int]) -> None:
        for row in rows:  # most often one: NumPy's way to many would be the longer one
            self._metrics.add_episode(float(self._returns[row]))
            self._returns[row] = 0.0
        self.policy.reset(rows)


def _require_finite(reward: np.ndarray, step: int) -> None:
    """Raise for a reward that is not finite; finite ones whose sum overflows are no error."""
    for row in np.flatnonzero(~np.isfinite(reward)):
        which = f" of environment {row}" if len(reward) > 1 else ""
        raise NotFiniteError(
            f"reward{which}: got {reward[row]}, expected a finite number, at environment step {step:,}"
        )
