"""Acting at random by what a network prefers: for networks whose values are the logits of a policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from dqn_fast.agent.exploration import Actions, Legal


class Sampling:
    """Takes each action with the probability exp(value) / Σ exp(value), in training and evaluations alike.

    Args:
        generator: the only source of randomness; each call draws one number for each environment.
    """

    def __init__(self, generator: np.random.Generator) -> None:
        self.generator = generator

    def choose(self, values: Callable[[], npt.NDArray[Any]], step: int, legal: Legal) -> Actions:
        """Return an action for each environment, `(N,)` int64."""
        return sample(values(), self.generator)

    def reseed(self, seed: int) -> None:
        """Draw what follows as if this were the beginning."""
        self.generator = np.random.default_rng(seed)

    def figures(self, step: int) -> dict[str, float]:
        """Return an empty dict."""
        return {}

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the generator."""
        return {"generator": self.generator.bit_generator.state}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        self.generator.bit_generator.state = state["generator"]


def sample(logits: npt.NDArray[Any], generator: np.random.Generator) -> Actions:
    """Return one action of each row of logits, `(N, A)`, by their probabilities: `(N,)` int64."""
    weights = np.exp(logits - logits.max(1, keepdims=True), dtype=np.float64)
    heights = weights.cumsum(1)
    aims = generator.random((len(heights), 1)) * heights[:, -1:]
    # An aim is below the last height, unless it was rounded to it.
    drawn: Actions = np.minimum((heights <= aims).sum(1), logits.shape[1] - 1)
    return drawn
