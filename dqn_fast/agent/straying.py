"""Random actions now and then among those of any exploration: episodes near a policy, not all its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from dqn_fast.agent.exploration import Actions, Exploration, Legal


class Straying:
    """Takes what another exploration takes, and with a probability a random legal action in its place.

    Args:
        first: takes the other actions, such as `without_exploration` of a network.
        epsilon: probability of a random action, in [0, 1].
        num_actions: actions are 0 ... num_actions - 1.
    """

    def __init__(self, first: Exploration, epsilon: float, num_actions: int) -> None:
        self.first = first
        self.epsilon = epsilon
        self.num_actions = num_actions
        self.generator = np.random.default_rng(0)

    def choose(self, values: Callable[[], npt.NDArray[Any]], step: int, legal: Legal) -> Actions:
        """Return an action for each environment, `(N,)` int64."""
        actions = self.first.choose(values, step, legal)
        strays = np.flatnonzero(self.generator.random(len(actions)) < self.epsilon)
        allowed = legal() if len(strays) else None
        for row in strays:
            choices = np.arange(self.num_actions) if allowed is None else np.flatnonzero(allowed[row])
            actions[row] = self.generator.choice(choices)
        return actions

    def reseed(self, seed: int) -> None:
        """Draw what follows as if this were the beginning."""
        self.generator = np.random.default_rng((seed, 1))  # not the numbers of what it strays from
        reseed = getattr(self.first, "reseed", None)
        if reseed is not None:
            reseed(seed)

    def figures(self, step: int) -> dict[str, float]:
        """Return the epsilon."""
        return {"epsilon": self.epsilon}

    def state_dict(self) -> dict[str, Any]:
        """Return the states of the generator and of the other exploration."""
        return {"generator": self.generator.bit_generator.state, "first": self.first.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        self.generator.bit_generator.state = state["generator"]
        self.first.load_state_dict(state["first"])
