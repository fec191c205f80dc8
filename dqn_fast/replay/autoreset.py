"""The true last observations of vector environments that reset themselves in the same step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dqn_fast.replay.schema import FLAG, StepSchema
from dqn_fast.replay.structure import Structure

MODES = (None, "next_step", "same_step")


def true_next_obs(
    schema: StepSchema,
    next_obs: tuple[Any, ...],
    ended: np.ndarray[Any, np.dtype[np.bool_]],
    final_obs: Any,
    final_mask: Any,
) -> tuple[Any, ...]:
    """`next_obs` with the final observation in the rows of environments that ended.

    Args:
        schema: of a step.
        next_obs: flat, each array of shape (num_envs, ...): after a reset where an episode ended.
        ended: bool (num_envs,).
        final_obs: Gymnasium's `infos["final_obs"]`, an array of objects, or arrays like `next_obs`.
        final_mask: Gymnasium's `infos["_final_obs"]`, bool (num_envs,); None: where an object is.

    Raises:
        TypeError: if a final observation is of another kind.
        ValueError: if a shape differs, or an environment ended and its final observation is not given.
    """
    finals = _finals(schema.structure, final_obs, len(ended))
    given = np.array([final is not None for final in finals])
    if final_mask is not None:
        given &= FLAG.convert(final_mask, (len(ended),), "final_mask")
    if missing := np.flatnonzero(ended & ~given).tolist():
        raise ValueError(f"final_obs: got none for environments {missing}, expected one of each that ended")
    names = schema.structure.names("next_obs")
    fresh = tuple(
        field.convert(leaf, (len(ended),), name)
        for field, leaf, name in zip(schema.obs, next_obs, names, strict=True)
    )
    names = schema.structure.names("final_obs")
    for env in np.flatnonzero(given):
        last = schema.structure.flatten("final_obs", finals[env])
        for field, leaf, value, name in zip(schema.obs, fresh, last, names, strict=True):
            true = field.convert(value, (), name)  # what is given and not used must fit, too
            if ended[env]:
                leaf[env] = true
    return fresh


def _finals(structure: Structure, final_obs: Any, num_envs: int) -> list[Any]:
    """One observation for each environment, or None."""
    if final_obs is None:
        return [None] * num_envs
    if isinstance(final_obs, Mapping):  # arrays of a row for each environment
        leaves = structure.flatten("final_obs", final_obs)
        lengths = {len(leaf) for leaf in leaves}
        rows: list[Any] = [structure.unflatten(row) for row in zip(*leaves, strict=False)]
    else:
        rows = list(final_obs)
        lengths = {len(rows)}
    if lengths != {num_envs}:
        raise ValueError(f"final_obs: got {sorted(lengths)} rows, expected {num_envs}")
    return rows
