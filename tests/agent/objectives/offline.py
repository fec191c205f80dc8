"""Random batches for objectives, networks that are tables, and slow float64 formulas that need no tensor."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor

ROWS, ACTIONS = 12, 3


class Table:
    """A network whose outputs are given: observations are rows of it.

    Args:
        outputs: `(rows, ...)`.
        representation: gives values from them.
    """

    def __init__(self, outputs: Any, representation: Any) -> None:
        self.outputs = torch.from_numpy(outputs)
        self.values = representation.values

    def __call__(self, obs: Tensor) -> Tensor:
        return self.outputs[obs]

    def at(self, obs: Tensor, action: Tensor) -> Tensor:
        return self.outputs[obs]

    def reduced(self, obs: Tensor, reduce: Callable[[Tensor], Tensor]) -> Tensor:
        return reduce(self.outputs[obs])

    def best_action(self, obs: Tensor, needed: Tensor) -> Tensor:
        return self.values(self.outputs[obs]).argmax(1)


def outputs(seed: int, columns: int) -> Any:
    """Return those of observations 0 to 2 · ROWS - 1."""
    return np.random.default_rng(seed).normal(0, 2, (2 * ROWS, columns))


def some_batch() -> Any:
    """Return one whose row i goes from observation i to i + ROWS; every third row has ended."""
    generator = np.random.default_rng(9)
    discount = np.full(ROWS, 0.97)
    discount[::3] = 0.0
    return SimpleNamespace(
        obs=torch.arange(ROWS),
        action=torch.from_numpy(generator.integers(ACTIONS, size=ROWS)),
        reward=torch.from_numpy(generator.normal(size=ROWS)),
        next_obs=torch.arange(ROWS) + ROWS,
        discount=torch.from_numpy(discount),
    )


def slow_log_softmax(logits: Sequence[float], action: int) -> float:
    total = 0.0
    for logit in logits:
        total += math.exp(logit)
    return logits[action] - math.log(total)


def slow_huber(td_error: float, delta: float = 1.0) -> float:
    return td_error**2 / 2 if abs(td_error) <= delta else delta * (abs(td_error) - delta / 2)


def slow_gradient(loss: Callable[[Any], float], row: Any, step: float = 1e-6) -> list[float]:
    """Return the derivatives of a row's loss by its outputs, by central differences."""
    result = []
    for column in range(len(row)):
        up, down = row.copy(), row.copy()
        up[column] += step
        down[column] -= step
        result.append((loss(up) - loss(down)) / (2 * step))
    return result
