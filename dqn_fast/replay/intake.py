"""From what users give to what the core takes: schema, structure, autoreset, conversion."""

from __future__ import annotations

from base64 import b64decode, b64encode
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dqn_fast import _core
from dqn_fast.checks import within
from dqn_fast.replay.autoreset import true_next_obs
from dqn_fast.replay.batch import Batch, BatchLayout
from dqn_fast.replay.chunks import Stacking, first_rows, require_starts, to_stacks
from dqn_fast.replay.fields import Field, as_array
from dqn_fast.replay.schema import FLAG, SchemaDraft, StepSchema, convert_obs, core_obs
from dqn_fast.replay.segments import SegmentBatch
from dqn_fast.replay.sequences import SequenceBatch
from dqn_fast.replay.step import Step
from dqn_fast.replay.structure import Structure

# Those that rows are of, as the core's `add` takes them: one, the first of some and their number, or all.
Streams = int | tuple[int, int] | None

LARGEST_EXPONENT = 1_000  # of priorities and weights: far beyond use, and its products stay finite


class PriorityOptions(NamedTuple):
    """How a prioritised memory draws and weighs."""

    alpha: float
    eps: float
    normalization: str
    stratified: bool

    @classmethod
    def checked(
        cls, alpha: Any, priority_eps: Any, weight_normalization: Any, stratified: Any
    ) -> PriorityOptions:
        """Return the options that a constructor was given.

        Raises:
            TypeError: if a number is none.
            ValueError: if one is out of its range, or there is no such normalization.
        """
        if weight_normalization not in ("batch", "buffer", "none"):
            raise ValueError(
                f"weight_normalization: got {weight_normalization!r}, expected 'batch', 'buffer' or 'none'"
            )
        return cls(
            within("alpha", alpha, 0, LARGEST_EXPONENT),
            within("priority_eps", priority_eps, 0),
            weight_normalization,
            bool(stratified),
        )


class Context(NamedTuple):
    """The arguments of the core's `add_context`, in its order; observations as the core takes them."""

    obs: Any
    mask: npt.NDArray[np.bool_] | None
    continues: bool
    rows: int | None
    env: int | None

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` makes the same context of."""
        arrays = self.obs if isinstance(self.obs, tuple) else (self.obs,)
        mask = None if self.mask is None else self.mask.tolist()
        return {**self._asdict(), "obs": [_array_to_json(array) for array in arrays], "mask": mask}

    @classmethod
    def from_json(cls, data: dict[str, Any], fields: tuple[Field, ...]) -> Context:
        """Return the context that `to_json` described, of observations of these fields."""
        arrays = tuple(
            np.frombuffer(b64decode(text), field.dtype).reshape(shape)
            for field, (shape, text) in zip(fields, data["obs"], strict=True)
        )
        mask = None if data["mask"] is None else np.array(data["mask"], np.bool_)
        return cls(core_obs(arrays), mask, data["continues"], data["rows"], data["env"])


def _array_to_json(array: npt.NDArray[Any]) -> tuple[list[int], str]:
    return list(array.shape), b64encode(array.tobytes()).decode()


class MemoryOptions(NamedTuple):
    """What a memory is besides its fields; `capacity` is that of one environment."""

    num_envs: int
    capacity: int
    reserve: float | None
    autoreset: str | None
    seed: int
    priorities: PriorityOptions | None  # None samples uniformly
    draw_by: str = "step"

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> MemoryOptions:
        """Return the options whose `_asdict()` was written as JSON."""
        priorities = data["priorities"]
        return cls(**{**data, "priorities": None if priorities is None else PriorityOptions(*priorities)})

    def allocate(self, schema: StepSchema) -> _core.ReplayMemory:
        """Return an empty memory of these fields.

        Raises:
            MemoryError: if the machine does not have the memory.
        """
        drops_resets = self.autoreset == "next_step"
        return _core.ReplayMemory(
            schema.fields,
            self.num_envs,
            self.capacity,
            self.reserve,
            drops_resets,
            self.draw_by == "segment",
            self.seed,
            self.priorities,
        )


class Layouts:
    """How the batches of each view lie in the arrays of a memory."""

    def __init__(self, structure: Structure, memory: _core.ReplayMemory) -> None:
        self.transitions = BatchLayout(Batch, structure, memory.transition_outputs)
        self.segments = BatchLayout(SegmentBatch, structure, memory.segment_outputs)
        self._sequences = [
            BatchLayout(SequenceBatch, structure, memory.sequence_outputs(previous))
            for previous in (False, True)
        ]

    def sequences(self, previous: bool) -> BatchLayout:
        """Return that of sequences, with or without what was done before each step."""
        return self._sequences[previous]


class Intake:
    """Add steps to a memory, which is made when the first one says what a step is.

    Args:
        draft: what is known of a step beforehand.
        options: of the memory.
    """

    def __init__(self, draft: SchemaDraft, options: MemoryOptions) -> None:
        self.draft, self.options = draft, options
        self.memory: Any = None  # _core.ReplayMemory, once a step is known
        self.schema: StepSchema | None = None
        self.layouts: Layouts | None = None
        self.waiting: list[Context] = []  # before the memory is there
        self.plain_memory: Any = None  # the memory if it takes well-formed steps as they are
        self._first_add = Lock()

    def allocate_if_known(self) -> None:
        """Make the memory if no step is needed to know what one is."""
        if self.draft.is_complete:
            schema = self.draft.complete(self.draft.structure_of(None), None, ())
            self.adopt(schema, self.options.allocate(schema))

    def adopt(self, schema: StepSchema, memory: _core.ReplayMemory) -> None:
        """Add to this memory from now on."""
        self.schema, self.memory = schema, memory
        self.layouts = Layouts(schema.structure, memory)
        is_plain = schema.structure.is_plain and self.options.autoreset != "same_step"
        self.plain_memory = memory if is_plain else None

    def reseed(self, seed: int) -> None:
        """Put the generator where this seed does, of a memory to be made as well."""
        self.options = self.options._replace(seed=seed)
        if self.memory is not None:
            self.memory.reseed(seed)

    def add(
        self,
        step: Step,
        lead: tuple[int, ...],
        rows: int | None = None,
        env: Streams = None,
        final_obs: Any = None,
        final_mask: Any = None,
    ) -> None:
        """Add a step, or `rows` of them, or say what is wrong with it and change nothing."""
        if step.priority is not None and self.options.priorities is None:
            raise TypeError(f"priority: got {step.priority!r}, expected none: this buffer samples uniformly")
        structure = self.draft.structure_of(step.obs) if self.schema is None else self.schema.structure
        flat = step.with_observations(
            structure.flatten("obs", step.obs), structure.flatten("next_obs", step.next_obs)
        )
        if self.options.autoreset == "same_step" and rows is None:
            schema = self.draft.complete(structure, flat, lead) if self.schema is None else self.schema
            flat = flat._replace(next_obs=_true_next_obs(schema, flat, lead, final_obs, final_mask))
        elif final_obs is not None or final_mask is not None:
            name = "final_mask" if final_obs is None else "final_obs"
            raise TypeError(f"{name}: got one, expected none without autoreset='same_step'")
        if self.memory is not None and self._core_takes(flat, rows, env):
            return
        with self._first_add:
            schema = self.draft.complete(structure, flat, lead) if self.schema is None else self.schema
            converted = schema.convert(flat, lead)
            memory = self.options.allocate(schema) if self.memory is None else self.memory
            for context in self.waiting:
                memory.add_context(*context)
            if not memory.add(*converted, rows, env):
                raise AssertionError(f"the core refuses a step converted to {schema}")
            self.adopt(schema, memory)  # only now: an error has changed nothing
            self.waiting = []

    def observations_of(self, frames: Any, starts: Any, mask: Any, lead: tuple[int, ...]) -> tuple[Any, Any]:
        """Return the observations, and the next ones, of a chunk that gives each frame once.

        Args:
            frames: see `ReplayBuffer.extend`.
            starts: bool of shape `lead`; None: the first row of each environment.
            mask: bool of shape `lead`; None: every row is in the chunk.
            lead: leading axes of every array of rows.

        Raises:
            TypeError: if a value is of another kind.
            ValueError: if a shape differs, the frames are too many or too few, or a first row starts nothing.
        """
        known = self.draft if self.schema is None else self.schema
        structure = known.structure or Structure.of(frames, "frames")
        leaves = [as_array("frames", leaf) for leaf in structure.flatten("frames", frames)]
        kept = np.ones(lead, np.bool_) if mask is None else FLAG.convert(mask, lead, "mask")
        begins = first_rows(kept) if starts is None else FLAG.convert(starts, lead, "starts")
        require_starts(begins, kept)
        names = structure.names("frames")
        for name, leaf, field in zip(names, leaves, known.obs, strict=False):  # no fields before a first step
            if leaf.shape[1:] != field.frame_shape or leaf.ndim == 0:
                raise ValueError(f"{name}: got shape {leaf.shape}, expected rows of {field.frame_shape}")
        stackings = [Stacking(field.frames, field.frame_axis) for field in known.obs]
        if not stackings:
            stackings = self.draft.stackings(structure, [max(leaf.ndim - 1, 1) for leaf in leaves])
        both = [
            to_stacks(name, leaf, stacking, begins, kept)
            for name, leaf, stacking in zip(names, leaves, stackings, strict=True)
        ]
        obs, next_obs = zip(*both, strict=True)
        return structure.unflatten(obs), structure.unflatten(next_obs)

    def add_flat(self, flat: Step, lead: tuple[int, ...], rows: int | None, env: int | None) -> None:
        """Add a step whose observations are tuples of arrays already; a memory must be there."""
        if not self._core_takes(flat, rows, env):
            assert self.schema is not None  # as the memory
            self.memory.add(*self.schema.convert(flat, lead), rows, env)

    def _core_takes(self, flat: Step, rows: int | None, env: Streams) -> bool:
        """Return whether the core takes the step as it is; it has added it then."""
        as_core = flat.with_observations(core_obs(flat.obs), core_obs(flat.next_obs))
        taken: bool = self.memory.add(*as_core, rows, env)
        return taken

    def add_context(
        self,
        obs: Any,
        mask: Any,
        lead: tuple[int, ...],
        continues: bool,
        rows: int | None = None,
        env: int | None = None,
    ) -> None:
        """Add observations that nobody acted on; before the memory is there, they wait for it."""
        draft = self.draft.with_observation(obs, lead) if self.schema is None else self.draft
        structure, fields = (draft.structure, draft.obs) if self.schema is None else self.schema[:2]
        assert structure is not None  # the draft knows it now
        context = Context(
            convert_obs(structure, fields, "obs", structure.flatten("obs", obs), lead),
            None if mask is None else FLAG.convert(mask, lead, "mask"),
            bool(continues),
            rows,
            env,
        )
        if self.memory is not None:
            self.memory.add_context(*context)
        elif rows != 0:
            self.draft = draft
            self.waiting.append(context)

    def clear(self) -> None:
        """Forget every step."""
        self.waiting = []
        if self.memory is not None:
            self.memory.clear()


def _true_next_obs(
    schema: StepSchema, flat: Step, lead: tuple[int, ...], final_obs: Any, final_mask: Any
) -> tuple[Any, ...]:
    ended = np.zeros(lead, np.bool_)
    for name, flags in (("terminated", flat.terminated), ("truncated", flat.truncated)):
        if flags is not False and flags is not None:
            ended = ended | FLAG.convert(flags, lead, name)
    if flat.mask is not None:
        ended = ended & FLAG.convert(flat.mask, lead, "mask")
    next_obs: tuple[Any, ...] = flat.next_obs
    if not ended.any() and final_obs is None and final_mask is None:
        return next_obs
    if lead:
        return true_next_obs(schema, next_obs, ended, final_obs, final_mask)
    # One environment: the same with a leading axis.
    rows = tuple(as_array("next_obs", leaf)[None] for leaf in next_obs)
    mask = None if final_mask is None else FLAG.convert(final_mask, (), "final_mask")[None]
    return tuple(leaf[0] for leaf in true_next_obs(schema, rows, ended[None], [final_obs], mask))
