"""From what users add to what the core takes: schema, structure, autoreset, conversion."""

from __future__ import annotations

from threading import Lock
from typing import Any

import numpy as np

from dqn_fast import _core
from dqn_fast.replay.autoreset import true_next_obs
from dqn_fast.replay.chunks import Stacking, first_rows, require_starts, to_stacks
from dqn_fast.replay.context import Context
from dqn_fast.replay.fields import as_array
from dqn_fast.replay.layouts import Layouts
from dqn_fast.replay.memory_options import MemoryOptions
from dqn_fast.replay.schema import FLAG, SchemaDraft, StepSchema, convert_obs, core_obs
from dqn_fast.replay.step import Step, Streams
from dqn_fast.replay.structure import Structure


class StepWriter:
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
        self.layouts = Layouts(schema, memory)
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
        leading: tuple[int, ...],
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
            schema = self.draft.complete(structure, flat, leading) if self.schema is None else self.schema
            flat = flat._replace(next_obs=_true_next_obs(schema, flat, leading, final_obs, final_mask))
        elif final_obs is not None or final_mask is not None:
            name = "final_mask" if final_obs is None else "final_obs"
            raise TypeError(f"{name}: got one, expected none without autoreset='same_step'")
        if self.memory is not None and self._core_takes(flat, rows, env):
            return
        with self._first_add:
            schema = self.draft.complete(structure, flat, leading) if self.schema is None else self.schema
            converted = schema.convert(flat, leading)
            memory = self.options.allocate(schema) if self.memory is None else self.memory
            for context in self.waiting:
                memory.add_context(*context)
            if not memory.add(*converted, rows, env):
                raise AssertionError(f"the core refuses a step converted to {schema}")
            self.adopt(schema, memory)  # only now: an error has changed nothing
            self.waiting = []

    def observations_of(
        self, frames: Any, starts: Any, mask: Any, leading: tuple[int, ...]
    ) -> tuple[Any, Any]:
        """Return the observations, and the next ones, of a chunk that gives each frame once.

        Args:
            frames: see `ReplayBuffer.extend`.
            starts: bool of shape `leading`; None: the first row of each environment.
            mask: bool of shape `leading`; None: every row is in the chunk.
            leading: leading axes of every array of rows.

        Raises:
            TypeError: if a value is of another kind.
            ValueError: if a shape differs, the frames are too many or too few, or a first row starts nothing.
        """
        known = self.draft if self.schema is None else self.schema
        structure = known.structure or Structure.of(frames, "frames")
        leaves = [as_array("frames", leaf) for leaf in structure.flatten("frames", frames)]
        kept = np.ones(leading, np.bool_) if mask is None else FLAG.convert(mask, leading, "mask")
        begins = first_rows(kept) if starts is None else FLAG.convert(starts, leading, "starts")
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

    def add_flat(self, flat: Step, leading: tuple[int, ...], rows: int | None, env: int | None) -> None:
        """Add a step whose observations are tuples of arrays already; a memory must be there."""
        if not self._core_takes(flat, rows, env):
            assert self.schema is not None  # as the memory
            self.memory.add(*self.schema.convert(flat, leading), rows, env)

    def _core_takes(self, flat: Step, rows: int | None, env: Streams) -> bool:
        """Return whether the core takes the step as it is; it has added it then."""
        as_core = flat.with_observations(core_obs(flat.obs), core_obs(flat.next_obs))
        taken: bool = self.memory.add(*as_core, rows, env)
        return taken

    def add_context(
        self,
        obs: Any,
        mask: Any,
        leading: tuple[int, ...],
        continues: bool,
        rows: int | None = None,
        env: int | None = None,
    ) -> None:
        """Add observations that nobody acted on; before the memory is there, they wait for it."""
        draft = self.draft.with_observation(obs, leading) if self.schema is None else self.draft
        structure, fields = (draft.structure, draft.obs) if self.schema is None else self.schema[:2]
        assert structure is not None  # the draft knows it now
        context = Context(
            convert_obs(structure, fields, "obs", structure.flatten("obs", obs), leading),
            None if mask is None else FLAG.convert(mask, leading, "mask"),
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
    schema: StepSchema, flat: Step, leading: tuple[int, ...], final_obs: Any, final_mask: Any
) -> tuple[Any, ...]:
    ended = np.zeros(leading, np.bool_)
    for name, flags in (("terminated", flat.terminated), ("truncated", flat.truncated)):
        if flags is not False and flags is not None:
            ended = ended | FLAG.convert(flags, leading, name)
    if flat.mask is not None:
        ended = ended & FLAG.convert(flat.mask, leading, "mask")
    next_obs: tuple[Any, ...] = flat.next_obs
    if not ended.any() and final_obs is None and final_mask is None:
        return next_obs
    if leading:
        return true_next_obs(schema, next_obs, ended, final_obs, final_mask)
    # One environment: the same with a leading axis.
    rows = tuple(as_array("next_obs", leaf)[None] for leaf in next_obs)
    mask = None if final_mask is None else FLAG.convert(final_mask, (), "final_mask")[None]
    return tuple(leaf[0] for leaf in true_next_obs(schema, rows, ended[None], [final_obs], mask))
