"""Saved buffers: an atomic file of a JSON header and the core's checked snapshot; no pickle to read it."""

from __future__ import annotations

import json
import mmap
import os
from pathlib import Path
from typing import Any, ClassVar

from dqn_fast import _core
from dqn_fast.replay.intake import Context, Intake, MemoryOptions
from dqn_fast.replay.schema import SchemaDraft, StepSchema


class Saveable:
    """What can be saved, pickled and copied: an intake with its memory, and settings of its own."""

    _classes: ClassVar[dict[str, type[Saveable]]] = {}
    _intake: Intake

    def __init_subclass__(cls) -> None:
        # A file names the class alone. One that is defined again, as in a notebook, takes its own place.
        other = Saveable._classes.get(cls.__name__, cls)
        if (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
            raise ValueError(
                f"class {cls.__name__}: got {cls.__module__}.{cls.__qualname__}, expected another name:"
                f" {other.__module__}.{other.__qualname__} has it, and saved buffers name their class by it"
            )
        Saveable._classes[cls.__name__] = cls

    def _settings(self) -> dict[str, Any]:
        """Return the attributes to save, by name without the underscore."""
        raise NotImplementedError

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the buffer to exactly this path: transitions, priorities, generator, open episodes.

        The file is replaced as a whole: after a crash at any moment it is the old one or the new one.
        What other threads do meanwhile waits. The file is checked when it is loaded, and holds no
        pickle; it is meant for machines of the same byte order.

        Raises:
            OSError: if it cannot be written; an older file is as it was.
        """
        _write_file(Path(path), self._header(), self._intake.memory)

    def reseed(self, seed: int | None = None) -> None:
        """Put the generator where a seed does."""
        raise NotImplementedError

    @staticmethod
    def load(path: str | os.PathLike[str], seed: int | None = None) -> Any:
        """Return the buffer that was saved there, of its class; it goes on as that one would have.

        Args:
            path: of the file.
            seed: what to draw from instead of the generator that was saved; None goes on with that.

        Raises:
            OSError: if the file cannot be read.
            ValueError: if it is no saved buffer, or a newer, truncated or altered one.
        """
        snapshot = _open_file(Path(path))
        name = json.loads(snapshot.header)["class"]
        if name not in Saveable._classes:
            known = sorted(Saveable._classes)
            raise ValueError(f"{path}: saved buffer: got a {name}, expected one of {known}")
        buffer = _restored(Saveable._classes[name], snapshot)
        if seed is not None:
            buffer.reseed(seed)
        return buffer

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (type(self), _core.dumps(self._header(), self._intake.memory))

    def _header(self) -> str:
        schema = self._intake.schema
        header = {
            "class": type(self).__name__,
            "settings": self._settings(),
            "options": self._intake.options._asdict(),
            "draft": self._intake.draft.to_json(),
            "schema": None if schema is None else schema.to_json(),
            "waiting": [context.to_json() for context in self._intake.waiting],
        }
        return json.dumps(header)


def _restored(buffer_class: type[Saveable], snapshot: _core.Snapshot) -> Saveable:
    header = json.loads(snapshot.header)
    options = MemoryOptions.from_json(header["options"])
    buffer = buffer_class.__new__(buffer_class)
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


def _unpickled(buffer_class: type[Saveable], data: bytes) -> Saveable:
    return _restored(buffer_class, _core.Snapshot(data))


def _write_file(path: Path, header: str, memory: _core.ReplayMemory | None) -> None:
    """Replace `path` by a snapshot, as a whole: after a crash it is the old file or the new one.

    Raises:
        OSError: if it cannot be written; the old file is as it was.
    """
    temporary = path.with_name(f"{path.name}.{os.urandom(8).hex()}.tmp")
    try:
        _core.save(str(temporary), header, memory)
        _flush(temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if os.name == "posix":  # elsewhere a folder cannot be opened, and its entries need no flush
        _flush(path.parent)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open_file(path: Path) -> _core.Snapshot:
    """Return the snapshot in a file, read as it is needed.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if it is no saved buffer, or a newer, truncated or altered one; it names the file.
    """
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            raise ValueError(f"{path}: saved buffer: got an empty file, expected one of dqn_fast")
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        return _core.Snapshot(data)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
