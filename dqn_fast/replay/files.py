"""What is saved: an atomic file of a JSON header and the core's checked snapshot; no pickle to read it."""

from __future__ import annotations

import json
import mmap
import os
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from dqn_fast import _core

SavedT = TypeVar("SavedT", bound="SaveMixin")
Memory = _core.ReplayMemory | _core.PriorityIndex | None  # what the core saves; None: a header says all


class SaveMixin:
    """What can be saved, pickled and copied. A file names its class, which makes it again.

    A class that is only a base of such classes says so: `class Base(SaveMixin, is_saved=False)`.
    """

    _classes: ClassVar[dict[str, type[SaveMixin]]] = {}

    def __init_subclass__(cls, *, is_saved: bool = True) -> None:
        if not is_saved:
            return
        # A file names the class alone. One that is defined again, as in a notebook, takes its own place.
        other = SaveMixin._classes.get(cls.__name__, cls)
        if (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
            raise ValueError(
                f"class {cls.__name__}: got {cls.__module__}.{cls.__qualname__}, expected another name:"
                f" {other.__module__}.{other.__qualname__} has it, and saved buffers name their class by it"
            )
        SaveMixin._classes[cls.__name__] = cls

    def _saved(self) -> tuple[dict[str, Any], Memory]:
        """Return what the header says beside the class, and what the core saves."""
        raise NotImplementedError

    @classmethod
    def _restored(cls, header: dict[str, Any], snapshot: _core.Snapshot) -> Any:
        """Return the object that `_saved` described."""
        raise NotImplementedError

    def reseed(self, seed: int | None = None) -> None:
        """Put the generator where a seed does."""
        raise NotImplementedError

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the buffer to exactly this path: transitions, priorities, generator, open episodes.

        The file is replaced as a whole: after a crash at any moment it is the old one or the new one.
        What other threads do meanwhile waits. The file is checked when it is loaded, and holds no
        pickle; it is meant for machines of the same byte order.

        Raises:
            OSError: if it cannot be written; an older file is as it was.
        """
        _write_file(Path(path), *self._parts())

    @classmethod
    def load(cls: type[SavedT], path: str | os.PathLike[str], seed: int | None = None) -> SavedT:
        """Return the buffer that was saved there, of its class; it goes on as that one would have.

        Its class is the one that loads, or a subclass: `ReplayBuffer.load` loads prioritised buffers, too.

        Args:
            path: of the file.
            seed: what to draw from instead of the generator that was saved; None goes on with that.

        Raises:
            OSError: if the file cannot be read.
            ValueError: if it is no saved buffer, one of another class, or a newer, truncated or altered one.
        """
        snapshot = _open_file(Path(path))
        header = json.loads(snapshot.header)
        name = header["class"]
        if name not in SaveMixin._classes:
            known = sorted(SaveMixin._classes)
            raise ValueError(f"{path}: saved buffer: got a {name}, expected one of {known}")
        saved_class = SaveMixin._classes[name]
        if not issubclass(saved_class, cls):
            raise ValueError(f"{path}: saved buffer: got a {name}, expected a {cls.__name__}")
        buffer: SavedT = saved_class._restored(header, snapshot)
        if seed is not None:
            buffer.reseed(seed)
        return buffer

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (type(self), _core.dumps(*self._parts()))

    def _parts(self) -> tuple[str, Memory]:
        """Return the header's text, and what the core saves."""
        header, memory = self._saved()
        return json.dumps({"class": type(self).__name__, **header}), memory


def _unpickled(saved_class: type[SaveMixin], data: bytes) -> Any:
    snapshot = _core.Snapshot(data)
    return saved_class._restored(json.loads(snapshot.header), snapshot)


def _write_file(path: Path, header: str, memory: Memory) -> None:
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
