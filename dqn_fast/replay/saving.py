"""Saved buffers: what the header of their file says, and how a buffer is made of it again."""

from __future__ import annotations

from typing import Any

from dqn_fast import _core
from dqn_fast.replay.context import Context
from dqn_fast.replay.files import Memory, SaveMixin
from dqn_fast.replay.files import _unpickled as _unpickled  # pickles of version 0.1.0 name it here
from dqn_fast.replay.memory_options import MemoryOptions
from dqn_fast.replay.schema import SchemaDraft, StepSchema
from dqn_fast.replay.step_writer import StepWriter


class BufferSaveMixin(SaveMixin, is_saved=False):
    """A buffer that can be saved, pickled and copied: a writer with its memory, and settings of its own."""

    _writer: StepWriter

    def _settings(self) -> dict[str, Any]:
        """Return the attributes to save, by name without the underscore."""
        raise NotImplementedError

    def _saved(self) -> tuple[dict[str, Any], Memory]:
        schema = self._writer.schema
        header = {
            "settings": self._settings(),
            "options": self._writer.options._asdict(),
            "draft": self._writer.draft.to_json(),
            "schema": None if schema is None else schema.to_json(),
            "waiting": [context.to_json() for context in self._writer.waiting],
        }
        return header, self._writer.memory

    @classmethod
    def _restored(cls, header: dict[str, Any], snapshot: _core.Snapshot) -> BufferSaveMixin:
        options = MemoryOptions.from_json(header["options"])
        buffer = cls.__new__(cls)
        for name, value in header["settings"].items():
            setattr(buffer, f"_{name}", value)
        buffer._writer = StepWriter(SchemaDraft.from_json(header["draft"]), options)
        if header["schema"] is None:
            waiting, fields = header.get("waiting", []), buffer._writer.draft.obs  # format 1 has none
            buffer._writer.waiting = [Context.from_json(context, fields) for context in waiting]
            snapshot.restore(None)
        else:
            schema = StepSchema.from_json(header["schema"])
            memory = options.allocate(schema)
            snapshot.restore(memory)
            buffer._writer.adopt(schema, memory)
        return buffer
