"""What a step of a buffer is made of, as a user sees it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dqn_fast.replay.fields import Field
from dqn_fast.replay.schema import StepSchema


class Leaf(NamedTuple):
    """One array of a step, as `add` takes it for one environment.

    Attributes:
        shape: of the whole stack, if it is one.
        dtype: in native byte order.
        frames: that the array is a stack of; 1 if it is none.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    frames: int


class BufferSchema(NamedTuple):
    """All arrays of a step.

    Attributes:
        obs: a leaf, or a (nested) dict of them.
        action: a leaf.
        reward: a leaf.
        extra: leaves of the extra fields, by name.
    """

    obs: Any
    action: Leaf
    reward: Leaf
    extra: dict[str, Leaf]


def buffer_schema(schema: StepSchema) -> BufferSchema:
    """Return what a user sees of a schema."""
    return BufferSchema(
        schema.structure.unflatten(tuple(map(_leaf, schema.obs))),
        _leaf(schema.action),
        _leaf(schema.reward),
        {field.name: _leaf(field) for field in schema.extra},
    )


def _leaf(field: Field) -> Leaf:
    return Leaf(field.shape, field.dtype, field.frames)
