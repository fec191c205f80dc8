"""Saved buffers: what the header of their file says, and how a buffer is made of it again."""

from __future__ import annotations

from typing import Any

from dqn_fast import _core
from dqn_fast.replay.files import Memory, SavedByClass
from dqn_fast.replay.files import _unpickled as _unpickled  # pickles of version 0.1.0 name it here
from dqn_fast.replay.intake import Context, Intake, MemoryOptions
from dqn_fast.replay.schema import SchemaDraft, StepSchema


class Saveable(SavedByClass, is_saved=False):
    """A buffer that can be saved, pickled and copied: an intake with its memory, and settings of its own."""

    _intake: Intake

    def _settings(self) -> dict[str, Any]:
        """Return the attributes to save, by name without the underscore."""
        raise NotImplementedError

    def _saved(self) -> tuple[dict[str, Any], Memory]:
        schema = self._intake.schema
        header = {
            "settings": self._settings(),
            "options": self._intake.options._asdict(),
            "draft": self._intake.draft.to_json(),
            "schema": None if schema is None else schema.to_json(),
            "waiting": [context.to_json() for context in self._intake.waiting],
        }
        return header, self._intake.memory

    @classmethod
    def _restored(cls, header: dict[str, Any], snapshot: _core.Snapshot) -> Saveable:
        options = MemoryOptions.from_json(header["options"])
        buffer = cls.__new__(cls)
        for name, value in header["settings"].items():
            setattr(buffer, f"_{name}", value)
        buffer._intake = Intake(SchemaDraft.from_json(header["draft"]), options)
        if header["schema"] is None:
            waiting, fields = header.get("waiting", []), buffer._intake.draft.obs  # format 1 has none
            buffer._intake.waiting = [Context.from_json(context, fields) for context in waiting]
            snapshot.restore(None)
        else:
            schema = StepSchema.from_json(header["schema"])
            memory = options.allocate(schema)
            snapshot.restore(memory)
            buffer._intake.adopt(schema, memory)
        return buffer
