"""Model selection: keeps the weights that did best in evaluations during the training.

Q-learning with function approximation does not improve steadily: a good policy may be worse some thousand
updates later. So it is common practice to evaluate now and then in a separate environment, and to keep the
best (see Stable-Baselines3's EvalCallback). The evaluation at the end of a run uses other episodes, so the
choice does not flatter its score.

Many episodes make a good choice, but take long. So evaluations race (Maron & Moore, 1994): all weights play
the same episodes, and weights that are worse in the first of them drop out.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np

from dqn_fast.agent import QNetwork
from dqn_fast.envs.random_states import random_states, restore_random_states
from dqn_fast.training.evaluation.evaluate import Evaluation, evaluate
from dqn_fast.training.evaluation.play import greedy_policy
from dqn_fast.training.metrics import MetricsRow

_FIRST = 10  # episodes before the first comparison; the next ones follow at each doubling


class BestModel:
    """Evaluates the Q-network at regular rows of metrics, and keeps the best weights.

    Args:
        q_net: the network that learns, in place; only read until `restore`.
        env: a separate environment; not closed.
        period: environment steps from one evaluation to the next, made with the first row at or after it.
        episodes: of each evaluation, unless it ends early.
        seed: of the first episode of each evaluation.
        should_stop: called after every environment step; True breaks an evaluation off, to be repeated.

    Attributes:
        best: step and evaluation of the best weights so far.
        steps: environment steps of all complete evaluations; None after a checkpoint of version 0.1.0, which
            did not count them.
    """

    def __init__(
        self,
        q_net: QNetwork,
        env: gym.Env[Any, Any],
        *,
        period: int,
        episodes: int,
        seed: int,
        should_stop: Callable[[], bool],
    ) -> None:
        self.best: tuple[int, Evaluation] | None = None
        self.steps: int | None = 0
        self._q_net = q_net
        self._policy = greedy_policy(q_net)
        self._env = env
        self._period = period
        self._episodes = episodes
        self._seed = seed
        self._should_stop = should_stop
        self._next_step = period
        self._interrupted_at: int | None = None  # step of an evaluation to repeat
        self._weights: dict[str, Any] = {}

    def __call__(self, row: MetricsRow) -> MetricsRow:
        """Evaluate if it is due; of equally good weights, keep the later ones.

        Returns:
            The row, with what the evaluation found.
        """
        return self._consider(row) if row.step >= self._next_step else row

    def retry_interrupted(self, row: MetricsRow) -> MetricsRow:
        """Repeat the evaluation in which the run was stopped, if it was; the weights must be the same.

        Args:
            row: the last one of the run so far.

        Returns:
            The row, with what the evaluation found.
        """
        return self._consider(row) if row.step == self._interrupted_at else row

    def _consider(self, row: MetricsRow) -> MetricsRow:
        step = row.step
        before = random_states()
        evaluation = self._evaluate()
        self._interrupted_at = step if evaluation is None else None
        if evaluation is None:
            restore_random_states(before)
            return row
        self._next_step = step + self._period
        if self.steps is not None:
            self.steps += evaluation.steps
        if self.best is None or (
            len(evaluation.returns) == self._episodes and not _is_less(evaluation.mean, self.best[1].mean)
        ):
            self.best = (step, evaluation)
            self._weights = copy.deepcopy(self._q_net.state_dict())
        return row._replace(eval_return_mean=evaluation.mean)

    def restore(self) -> None:
        """Load the best weights into the Q-network; without an evaluation, change nothing."""
        if self.best is not None:
            self._q_net.load_state_dict(self._weights)

    def state_dict(self) -> dict[str, Any]:
        """Return the best weights so far, and when the next evaluation is due."""
        return {
            "best": self.best,
            "weights": self._weights,
            "next_step": self._next_step,
            "given_up": self._interrupted_at,
            "steps": self.steps,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        self.best, self._weights, self._next_step = state["best"], state["weights"], state["next_step"]
        self._interrupted_at = state["given_up"]
        self.steps = state.get("steps")

    def _evaluate(self) -> Evaluation | None:
        """Play all episodes, or as many as show that the best is better; return None if stopped."""
        returns: list[float] = []
        cut = steps = 0
        while len(returns) < self._episodes:
            count = min(len(returns) or _FIRST, self._episodes - len(returns))
            seed = self._seed + len(returns)
            some = evaluate(self._policy, self._env, count, seed, should_stop=self._should_stop)
            if some is None:
                return None
            returns += some.returns
            cut += some.cut
            steps += some.steps
            if self.best is not None and _is_worse(returns, self.best[1].returns):
                break
        return Evaluation(returns, cut, steps)


def _is_worse(returns: list[float], best: list[float]) -> bool:
    """Return whether returns are below the best ones, in the same episodes, by more than a standard error."""
    difference = np.subtract(returns, best[: len(returns)])
    return bool(difference.mean() + difference.std() / np.sqrt(len(difference)) < 0)


def _is_less(mean: float, best: float) -> bool:
    """Return whether a mean is below the best; NaN is below all others."""
    return mean < best or (np.isnan(mean) and not np.isnan(best))
