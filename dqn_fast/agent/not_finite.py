"""What an update says that cannot be made, because its loss or its gradient is NaN or infinite.

The update itself looks at two numbers that it has anyway. Only when one is not finite, the batch and the
network are looked through.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from dqn_fast import trees
from dqn_fast.agent.objectives.objective import TransitionBatch
from dqn_fast.errors import NotFiniteError


def not_finite_error(
    what: str, got: float, batch: TransitionBatch, weights: Tensor, *, update: int, step: int
) -> NotFiniteError:
    """Return the error that names what is not finite, and where it comes from.

    Args:
        what: "loss" or "gradient norm".
        got: its value, NaN or infinite.
        batch: that was to be learned from.
        weights: all of the Q-network's.
        update: number of the learner update.
        step: environment step.
    """
    found = [*_of_batch(batch), *([] if _is_finite(weights) else ["the network's weights"])]
    cause = f"not finite: {', '.join(found)}" if found else "batch and weights are finite"
    return NotFiniteError(
        f"{what}: got {got}, expected a finite number,"
        f" in learner update {update:,} at environment step {step:,} ({cause})"
    )


def _of_batch(batch: TransitionBatch) -> list[str]:
    """Names of what is not finite in a batch, such as obs['image']; nothing behind an end is looked at."""
    goes_on = batch.discount != 0
    names = []
    for name in ("obs", "reward", "next_obs", "discount", "weights"):
        tree = getattr(batch, name)
        for path in trees.paths(tree):
            rows = trees.at(tree, path)
            if not _is_finite(rows[goes_on] if name == "next_obs" else rows):
                names.append(name + "".join(f"[{key!r}]" for key in path))
    return names


def _is_finite(values: Any) -> bool:
    return bool(torch.isfinite(values).all())
