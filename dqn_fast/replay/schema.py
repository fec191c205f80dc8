"""The fields of a step together: known from spaces, completed by the first data, fitted by later data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dqn_fast.checks import at_least
from dqn_fast.replay.chunks import Stacking
from dqn_fast.replay.fields import Field, as_array, declared, from_space, infer
from dqn_fast.replay.step import Step
from dqn_fast.replay.structure import Structure

if TYPE_CHECKING:
    import numpy.typing as npt

FLAG = Field("flag", "extra", np.dtype(np.bool_), ())
INDEX = Field("indices", "extra", np.dtype(np.int64), ())
PRIORITIES = Field("priorities", "extra", np.dtype(np.float64), ())


def _flags(name: str, value: Any, leading: tuple[int, ...]) -> npt.NDArray[Any] | None:
    """Return one flag for every step, from one or from an array; None if none is set."""
    if value is None or value is False:
        return None
    return _each(name, np.dtype(np.bool_), value, leading)


def _each(name: str, dtype: np.dtype[Any], value: Any, leading: tuple[int, ...]) -> npt.NDArray[Any]:
    """Return one number for every step, from one or from an array of shape `leading`."""
    field = Field(name, "extra", dtype, ())
    if np.ndim(value) == 0:
        return np.full(leading, field.convert(value), dtype)
    return field.convert(value, leading)


class StepSchema(NamedTuple):
    """All fields of a step; `obs` has one for each array of an observation."""

    structure: Structure
    obs: tuple[Field, ...]
    action: Field
    reward: Field
    extra: tuple[Field, ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        """All of them, in the core's order."""
        return (*self.obs, self.action, self.reward, *self.extra)

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` makes the same schema of."""
        return {
            "paths": self.structure.paths,
            "obs": [field.to_json() for field in self.obs],
            "action": self.action.to_json(),
            "reward": self.reward.to_json(),
            "extra": [field.to_json() for field in self.extra],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> StepSchema:
        """Return the schema that `to_json` described."""
        return cls(
            _structure(data["paths"]),
            tuple(Field.from_json(field) for field in data["obs"]),
            Field.from_json(data["action"]),
            Field.from_json(data["reward"]),
            tuple(Field.from_json(field) for field in data["extra"]),
        )

    def convert(self, step: Step, leading: tuple[int, ...]) -> Step:
        """Return the same flat step in arrays of the exact dtypes and of shapes `leading + ...`.

        Raises:
            TypeError: if a value is of another kind, or an extra field is missing or unknown.
            ValueError: if a shape differs.
        """
        expected = sorted(field.name for field in self.extra)
        if sorted(step.extra) != expected:
            raise TypeError(f"extra fields: got {sorted(step.extra)}, expected {expected}")
        priority = step.priority
        return Step(
            obs=convert_obs(self.structure, self.obs, "obs", step.obs, leading),
            action=self.action.convert(step.action, leading),
            reward=self.reward.convert(step.reward, leading),
            next_obs=convert_obs(self.structure, self.obs, "next_obs", step.next_obs, leading),
            terminated=FLAG.convert(step.terminated, leading, "terminated"),
            truncated=_flags("truncated", step.truncated, leading),
            mask=None if step.mask is None else FLAG.convert(step.mask, leading, "mask"),
            new_segment=_flags("new_segment", step.new_segment, leading),
            priority=None if priority is None else _each("priority", np.dtype(np.float64), priority, leading),
            extra={field.name: field.convert(step.extra[field.name], leading) for field in self.extra},
        )


def convert_indices(indices: Any, name: str = "indices") -> npt.NDArray[np.int64]:
    """Return indices as the core takes them; an error calls them `name`.

    Raises:
        TypeError: if they are not integers, or are booleans.
        ValueError: if they have more than one axis.
    """
    array = as_array(name, indices)
    if array.shape == (0,):
        return np.empty(0, np.int64)  # NumPy takes an empty list for floats
    if array.ndim != 1:
        raise ValueError(f"{name}: got shape {array.shape}, expected (B,)")
    if array.dtype.kind == "b":
        raise TypeError(f"{name}: got booleans, expected integers, not a mask")
    return INDEX.convert(array, array.shape, name)


def convert_obs(
    structure: Structure,
    fields: tuple[Field, ...],
    root: str,
    leaves: tuple[Any, ...],
    leading: tuple[int, ...],
) -> Any:
    """Return flat observations in arrays of the exact dtypes and shapes, as the core takes them.

    Raises:
        TypeError: if a value is of another kind.
        ValueError: if a shape differs.
    """
    named = zip(fields, leaves, structure.names(root), strict=True)
    return core_obs(tuple(field.convert(leaf, leading, name) for field, leaf, name in named))


def core_obs(leaves: tuple[Any, ...]) -> Any:
    """Return flat observations as the core takes them: a single array is not wrapped."""
    return leaves[0] if len(leaves) == 1 else leaves


class SchemaDraft(NamedTuple):
    """What the constructor's arguments say of the fields; the first step says the rest."""

    structure: Structure | None
    obs: tuple[Field, ...]  # known if the structure is
    action: Field | None
    extra: tuple[Field, ...]
    frame_stack: int | Mapping[str, Any]
    frame_axis: int | Mapping[str, Any]

    @classmethod
    def of(
        cls,
        observation_space: Any,
        action_space: Any,
        extra_fields: Mapping[str, Any],
        frame_stack: int | Mapping[str, Any],
        frame_axis: int | Mapping[str, Any],
    ) -> SchemaDraft:
        """Return the draft of a constructor's arguments; see `ReplayBuffer`.

        Raises:
            TypeError: if a space or an extra field has no shape and numeric dtype.
            ValueError: if stacks do not fit the observation space.
        """
        if not isinstance(extra_fields, Mapping):
            raise TypeError(f"extra_fields: got {extra_fields!r}, expected a dict of name: (shape, dtype)")
        extra = tuple(declared(name, spec) for name, spec in extra_fields.items())
        for name, option, check in (("frame_stack", frame_stack, _frames), ("frame_axis", frame_axis, _axis)):
            values = Structure.of(option, name).flatten(name, option) if option != {} else ()
            for value in values:
                check(name, value)
        action = None if action_space is None else from_space("action", "action", action_space)
        draft = cls(None, (), action, extra, frame_stack, frame_axis)
        if observation_space is None:
            return draft
        structure = Structure.of(observation_space)
        spaces = structure.flatten("observation_space", observation_space)
        named = zip(structure.names("obs"), spaces, strict=True)
        fields = [from_space(name, "observation", space) for name, space in named]
        return draft._replace(structure=structure, obs=draft._stacked(structure, fields))

    @property
    def is_complete(self) -> bool:
        """Whether no step is needed to know the fields."""
        return self.structure is not None and self.action is not None

    def structure_of(self, obs: Any) -> Structure:
        """Return the structure that is known, or that of a first observation."""
        return self.structure or Structure.of(obs)

    def with_observation(self, obs: Any, leading: tuple[int, ...]) -> SchemaDraft:
        """Return a draft that knows what an observation is, from a first one of shapes `leading + ...`.

        Raises:
            TypeError: if it is not made of numbers.
            ValueError: if there is no array in it, or a shape has other leading axes.
        """
        if self.structure is not None:
            return self
        structure = Structure.of(obs)
        named = zip(structure.names("obs"), structure.flatten("obs", obs), strict=True)
        fields = [infer(name, "observation", leaf, leading) for name, leaf in named]
        return self._replace(structure=structure, obs=self._stacked(structure, fields))

    def complete(self, structure: Structure, step: Step | None, leading: tuple[int, ...]) -> StepSchema:
        """Return the schema, with what is unknown taken from a flat `step`; None if the spaces say all."""
        obs, action, reward = ((), None, 0.0) if step is None else (step.obs, step.action, step.reward)
        reward_field = infer("reward", "reward", reward, leading)
        if reward_field.shape != ():
            raise ValueError(f"reward: got shape {leading + reward_field.shape}, expected {leading}")
        fields = self.obs
        if not fields:
            named = zip(structure.names("obs"), obs, strict=True)
            fields = self._stacked(structure, [infer(name, "observation", o, leading) for name, o in named])
        action_field = self.action or infer("action", "action", action, leading)
        return StepSchema(structure, fields, action_field, reward_field, self.extra)

    def _stacked(self, structure: Structure, fields: list[Field]) -> tuple[Field, ...]:
        frames = structure.each("frame_stack", self.frame_stack, _frames, 1)
        axes = structure.each("frame_axis", self.frame_axis, _axis, 0)
        return tuple(f.stacked(k, axis) for f, k, axis in zip(fields, frames, axes, strict=True))

    def stackings(self, structure: Structure, axes: Sequence[int]) -> list[Stacking]:
        """Return how the arrays of an observation are stacks, by the number of axes of each."""
        frames = structure.each("frame_stack", self.frame_stack, _frames, 1)
        along = structure.each("frame_axis", self.frame_axis, _axis, 0)
        return [Stacking(k, axis % count) for k, axis, count in zip(frames, along, axes, strict=True)]

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` makes the same draft of."""
        return {
            "paths": None if self.structure is None else self.structure.paths,
            "obs": [field.to_json() for field in self.obs],
            "action": None if self.action is None else self.action.to_json(),
            "extra": [field.to_json() for field in self.extra],
            "frame_stack": self.frame_stack,
            "frame_axis": self.frame_axis,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> SchemaDraft:
        """Return the draft that `to_json` described."""
        return cls(
            None if data["paths"] is None else _structure(data["paths"]),
            tuple(Field.from_json(field) for field in data["obs"]),
            None if data["action"] is None else Field.from_json(data["action"]),
            tuple(Field.from_json(field) for field in data["extra"]),
            data["frame_stack"],
            data["frame_axis"],
        )


def _structure(paths: list[list[str]]) -> Structure:
    return Structure(tuple(tuple(path) for path in paths))


def _frames(name: str, value: Any) -> int:
    return at_least(name, value, 1)


def _axis(name: str, value: Any) -> int:
    return at_least(name, value, -64)  # NumPy has no more axes
