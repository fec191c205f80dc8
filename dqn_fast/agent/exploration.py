"""Exploration: how the agent leaves its greedy action."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from dqn_fast.agent.schedules import Schedule

Actions = npt.NDArray[np.int64]


class EpsilonGreedy:
    """A uniformly random action with probability epsilon, the greedy action otherwise.

    The random action may happen to be the greedy one, as in Mnih et al. (2015), so the greedy action is
    taken with probability 1 - epsilon + epsilon / num_actions. Every environment tosses a coin of its own.

    With a `spread` each environment has an epsilon of its own as well, as in Ape-X (Horgan et al., 2018):
    environment i of N explores with epsilon ** (1 + spread · i / (N - 1)), so that some hardly leave the
    greedy policy while others explore widely (there, epsilon is 0.4 and the spread 7).

    Args:
        epsilon_schedule: probability of a random action, in [0, 1], at each environment step.
        num_actions: actions are 0 ... num_actions - 1.
        generator: the only source of randomness; every call takes one draw an environment from it, and
            one of actions if somebody explores.
        num_envs: environments that act together.
        spread: of the exponents; 0 gives all environments the same epsilon.

    Raises:
        ValueError: `num_actions` or `num_envs` is below 1, or `spread` is negative.
    """

    def __init__(
        self,
        epsilon_schedule: Schedule,
        num_actions: int,
        generator: np.random.Generator,
        *,
        num_envs: int = 1,
        spread: float = 0.0,
    ) -> None:
        for name, value in (("num_actions", num_actions), ("num_envs", num_envs)):
            if value < 1:
                raise ValueError(f"{name} is {value}, expected at least 1")
        if not spread >= 0:
            raise ValueError(f"spread is {spread}, expected at least 0")
        self.epsilon_schedule = epsilon_schedule
        self.num_actions = num_actions
        self.generator = generator
        self.num_envs = num_envs
        self._exponents = 1 + spread * np.arange(num_envs) / max(num_envs - 1, 1) if spread else None

    def choose(
        self, greedy: Callable[[], Actions], step: int, legal: npt.NDArray[np.bool_] | None = None
    ) -> Actions:
        """Return an action for each environment, `(num_envs,)` int64.

        Args:
            greedy: gives the greedy actions, `(num_envs,)`; called only if somebody needs one, because
                it costs a pass through the network.
            step: environment step that the actions are for.
            legal: which actions may be taken, `(num_envs, num_actions)`; None allows all.
        """
        epsilon: Any = self.epsilon_schedule(step)
        if self._exponents is not None:
            epsilon = epsilon**self._exponents
        explores = self.generator.random(self.num_envs) < epsilon
        explorers = int(np.count_nonzero(explores))
        if explorers == 0:
            return greedy()
        random = self._random(legal)
        if explorers == self.num_envs:
            return random
        return np.where(explores, random, greedy())

    def _random(self, legal: npt.NDArray[np.bool_] | None) -> Actions:
        if legal is None:
            return self.generator.integers(self.num_actions, size=self.num_envs)
        # The largest of one draw for each legal action is equally likely to be any of them.
        draws = self.generator.random((self.num_envs, self.num_actions))
        actions: Actions = np.where(legal, draws, -1.0).argmax(1)
        return actions
