"""The fields of a step together: known from spaces, completed by the first data, fitted by later data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dqn_fast.fields import Field, declared, from_space, infer

# The arguments of the core's `add`: obs, action, reward, next_obs, terminated, truncated, mask,
# new_segment, priority, extra.
Step = tuple[Any, Any, Any, Any, Any, Any, Any, Any, Any, dict[str, Any]]
PRIORITY = 8

INDEX = Field("indices", "extra", np.dtype(np.int64), ())
PRIORITIES = Field("priorities", "extra", np.dtype(np.float64), ())


def _flags(name: str, value: Any, lead: tuple[int, ...]) -> npt.NDArray[Any] | None:
    """One flag for every step, from one or from an array; None if none is set."""
    if value is None or value is False:
        return None
    return _each(name, np.dtype(np.bool_), value, lead)


def _each(name: str, dtype: np.dtype[Any], value: Any, lead: tuple[int, ...]) -> npt.NDArray[Any]:
    """One number for every step, from one or from an array of shape `lead`."""
    field = Field(name, "extra", dtype, ())
    if np.ndim(value) == 0:
        return np.full(lead, field.convert(value), dtype)
    return field.convert(value, lead)


@dataclass(frozen=True)
class StepSchema:
    """All fields of a step."""

    obs: Field
    action: Field
    reward: Field
    extra: tuple[Field, ...]

    @property
    def extra_names(self) -> list[str]:
        """Names of the extra fields, in the order in which the core returns them."""
        return [field.name for field in self.extra]

    def core_fields(self) -> list[tuple[str, str, np.dtype[Any], tuple[int, ...]]]:
        """The fields as the core takes them."""
        fields = (self.obs, self.action, self.reward, *self.extra)
        return [(field.name, field.role, field.dtype, field.shape) for field in fields]

    def convert(self, step: Step, lead: tuple[int, ...]) -> Step:
        """The same step in arrays of the exact dtypes and of shapes `lead + ...`.

        Raises:
            TypeError: if a value is of another kind, or an extra field is missing or unknown.
            ValueError: if a shape differs.
        """
        obs, action, reward, next_obs, terminated, truncated, mask, new_segment, priority, extra = step
        if extra.keys() != set(self.extra_names):
            raise TypeError(f"extra fields: got {sorted(extra)}, expected {sorted(self.extra_names)}")
        return (
            self.obs.convert(obs, lead),
            self.action.convert(action, lead),
            self.reward.convert(reward, lead),
            self.obs.convert(next_obs, lead, "next_obs"),
            Field("terminated", "extra", np.dtype(np.bool_), ()).convert(terminated, lead),
            _flags("truncated", truncated, lead),
            None if mask is None else Field("mask", "extra", np.dtype(np.bool_), ()).convert(mask, lead),
            _flags("new_segment", new_segment, lead),
            None if priority is None else _each("priority", np.dtype(np.float64), priority, lead),
            {field.name: field.convert(extra[field.name], lead) for field in self.extra},
        )


class SchemaDraft:
    """What the constructor's arguments say of the fields; the first step says the rest.

    Args:
        observation_space: Gymnasium space, or None.
        action_space: Gymnasium space, or None.
        extra_fields: `{name: (shape, dtype)}`.

    Raises:
        TypeError: if a space or an extra field has no shape and numeric dtype.
    """

    def __init__(self, observation_space: Any, action_space: Any, extra_fields: Mapping[str, Any]) -> None:
        self._obs = None if observation_space is None else from_space("obs", "observation", observation_space)
        self._action = None if action_space is None else from_space("action", "action", action_space)
        if not isinstance(extra_fields, Mapping):
            raise TypeError(f"extra_fields: got {extra_fields!r}, expected a dict of name: (shape, dtype)")
        self._extra = [declared(name, spec) for name, spec in extra_fields.items()]

    def complete(self, step: Step | None = None, lead: tuple[int, ...] = ()) -> StepSchema:
        """The schema, with what is unknown taken from `step`; without one the spaces must say all."""
        obs, action, reward = (None, None, 0.0) if step is None else step[:3]
        known_reward = infer("reward", "reward", reward, lead)
        if known_reward.shape != ():
            raise ValueError(f"reward: got shape {lead + known_reward.shape}, expected {lead}")
        return StepSchema(
            self._obs or infer("obs", "observation", obs, lead),
            self._action or infer("action", "action", action, lead),
            known_reward,
            tuple(self._extra),
        )
