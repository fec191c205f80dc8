"""The error of an update whose loss or gradient is NaN or infinite.

An update checks two numbers that it has anyway. Only if one of them is not finite, the batch and the weights
are searched for the cause.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from dqn_fast import trees
from dqn_fast.agent.networks.windows import Cells
from dqn_fast.agent.objectives.objective import TransitionBatch
from dqn_fast.errors import NotFiniteError


def not_finite_error(
    what: str, got: float, batch: TransitionBatch, weights: Tensor, *, update: int, step: int
) -> NotFiniteError:
    """Return an error that names what is not finite, and why.

    Args:
        what: "loss" or "gradient norm".
        got: its value, NaN or infinite.
        batch: of this update.
        weights: all parameters of the Q-network.
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
    """Name the fields that are not finite, such as obs['image']; what follows a terminated step may be."""
    goes_on = batch.discount != 0
    names = []
    for name in ("obs", "reward", "next_obs", "discount", "weights"):
        tree = getattr(batch, name)
        tree = tree.obs() if isinstance(tree, Cells) else tree
        for path in trees.paths(tree):
            rows = trees.at(tree, path)
            if not _is_finite(rows[goes_on] if name == "next_obs" else rows):
                names.append(name + "".join(f"[{key!r}]" for key in path))
    return names


def _is_finite(values: Any) -> bool:
    return bool(torch.isfinite(values).all())
