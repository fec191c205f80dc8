"""Exploration: how the agent leaves its greedy action."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dqn_fast.agent.schedules import Schedule


class EpsilonGreedy:
    """A uniformly random action with probability epsilon, the greedy action otherwise.

    The random action may happen to be the greedy one, as in Mnih et al. (2015), so the greedy action is
    taken with probability 1 - epsilon + epsilon / num_actions.

    Args:
        epsilon_schedule: probability of a random action, in [0, 1], at each environment step.
        num_actions: actions are 0 ... num_actions - 1.
        generator: the only source of randomness; every call takes one draw from it, and a random action
            one more.

    Raises:
        ValueError: `num_actions` is below 1.
    """

    def __init__(self, epsilon_schedule: Schedule, num_actions: int, generator: np.random.Generator) -> None:
        if num_actions < 1:
            raise ValueError(f"num_actions is {num_actions}, expected at least 1")
        self.epsilon_schedule = epsilon_schedule
        self.num_actions = num_actions
        self.generator = generator

    def choose(self, greedy_action: Callable[[], int], step: int) -> int:
        """Return an action for environment step `step`.

        Args:
            greedy_action: called only if it is needed, because it costs a pass through the network.
            step: environment step that the action is for.
        """
        if self.generator.random() < self.epsilon_schedule(step):
            return int(self.generator.integers(self.num_actions))
        return greedy_action()
