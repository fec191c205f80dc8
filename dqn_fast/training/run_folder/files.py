"""Files that are either whole or not there: written beside their place, then moved into it; and JSON."""

from __future__ import annotations

import io
import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from dqn_fast.errors import UsageError


class WriteError(UsageError):
    """A file of a run cannot be written."""


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Give a path to write to; what is there at the end becomes `path`, in one step.

    If the body raises, `path` stays what it was. The suffix is kept, since some writers choose the format
    by it.

    Args:
        path: a file in a folder that exists.

    Raises:
        WriteError: it cannot be written.
    """
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    with writing(path):
        try:
            yield partial
            with partial.open("rb+") as file:
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say in one line what keeps a file or folder from being written, such as a full disk.

    What the body raises about files elsewhere, such as an environment's own, is left as it is.

    Raises:
        WriteError: instead of an OSError that is raised within.
    """
    try:
        yield
    except OSError as error:
        if error.filename is not None and path.parent not in Path(error.filename).parents:
            raise
        raise WriteError(f"cannot write {path}: {error.strerror or error}") from error


def write_all(file: io.FileIO, data: bytes) -> None:
    """Append all data to a file without a buffer, or nothing where the disk becomes full on the way."""
    end = file.tell()
    try:
        while data:
            data = data[file.write(data) :]
    except OSError:
        file.truncate(end)
        raise


def tensors_as_bytes(content: dict[str, Any]) -> bytes:
    """Return what `torch.save` writes; given a file on a full disk, it hides what is the matter."""
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def as_json(content: Any, indent: int | None = 2) -> str:
    """Return content as text that every JSON parser takes: numbers that are not finite are null.

    Args:
        content: dicts with text for keys, lists, tuples, texts and numbers.
        indent: None writes one line.
    """
    return json.dumps(_finite(content), indent=indent, allow_nan=False)


def with_infinity(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a config.json with infinity itself in place of its name, which JSON can hold."""
    return {name: math.inf if value == "inf" else value for name, value in fields.items()}


def _finite(content: Any) -> Any:
    if isinstance(content, dict):
        return {name: _finite(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content
