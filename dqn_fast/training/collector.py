"""The collector: acts in environments by a policy, and stores the steps."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from math import isfinite
from typing import Any, Protocol

import numpy as np

from dqn_fast.agent import Policy
from dqn_fast.envs import Environments, RestoreError
from dqn_fast.errors import NotFiniteError
from dqn_fast.training.storing import Store


class EpisodeReport(Protocol):
    """Takes the returns of finished episodes; `Metrics` does."""

    def add_episode(self, episode_return: float) -> None:
        """Take the undiscounted return of a finished episode."""
        ...


class Collector:
    """Acts in environments, stores every step, and reports finished episodes.

    It does not know the learner: a run may have several collectors, or none.

    Args:
        environments: to act in; not closed.
        policy: chooses the actions.
        store: takes every step.
        metrics: gets the return of every finished episode.
    """

    def __init__(
        self, environments: Environments, policy: Policy, store: Store, metrics: EpisodeReport
    ) -> None:
        self.policy = policy
        self._environments = environments
        self._store = store
        self._metrics = metrics
        self._returns = [0.0] * environments.num_envs  # of unfinished episodes
        self._obs: Any = None

    def begin(self) -> None:
        """Begin an episode in every environment, unless one goes on there."""
        if self._obs is None:
            self._obs = self._environments.reset()
            self._returns = [0.0] * len(self._returns)
            self.policy.reset(range(len(self._returns)))

    def collect(self, step: int) -> int:
        """Make one step in all environments; `begin` must have been called.

        Args:
            step: number of the environment step that the first environment makes.

        Returns:
            The number of transitions: one for each environment that did not spend the step on a reset.

        Raises:
            NotFiniteError: if a reward is NaN or infinite; the step is not stored.
        """
        obs, policy = self._obs, self.policy
        action = policy.act(obs, step)
        after = self._environments.step(action)
        rewards = after.reward.tolist()  # for a few numbers lists and loops are quickest
        if not isfinite(sum(rewards)):
            _require_finite(after.reward, step)
        policy.observe(after.reward)
        self._store(obs, action, after, policy.extras())
        self._obs = after.obs
        returns = self._returns
        for row, reward in enumerate(rewards):
            returns[row] += reward
        if after.ended:
            self._end(after.ended)
        if after.mask is None:
            return len(rewards)
        # A policy must forget what it saw in a step that was spent on a reset.
        spent = [row for row, is_transition in enumerate(after.mask.tolist()) if not is_transition]
        policy.reset(spent)
        return len(after.mask) - len(spent)

    def state_dict(self) -> dict[str, Any]:
        """Return the state of environments, policy and unfinished returns."""
        return {
            "environments": self._environments.state(),
            "returns": list(self._returns),
            "policy": self.policy.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state`.

        Environments that cannot be restored begin new episodes, with a warning.
        """
        self.policy.load_state_dict(state["policy"])
        self._returns = list(state["returns"])
        try:
            self._obs = self._environments.restore(state["environments"])
            lost = "" if self._obs is not None else "these environments cannot be restored"
        except RestoreError as error:
            self._obs, lost = None, str(error)
        if lost:
            warnings.warn(f"{lost}; new episodes begin, and the run goes on differently", stacklevel=2)

    def _end(self, rows: Sequence[int]) -> None:
        for row in rows:  # usually one, for which a loop is quickest
            self._metrics.add_episode(self._returns[row])
            self._returns[row] = 0.0
        self.policy.reset(rows)


def _require_finite(reward: np.ndarray, step: int) -> None:
    """Raise a NotFiniteError for a reward that is not finite; a sum of finite ones may overflow."""
    for row in np.flatnonzero(~np.isfinite(reward)):
        which = f" of environment {row}" if len(reward) > 1 else ""
        raise NotFiniteError(
            f"reward{which}: got {reward[row]}, expected a finite number, at environment step {step:,}"
        )
