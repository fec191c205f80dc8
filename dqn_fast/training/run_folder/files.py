"""Writes files atomically, under another name that is then replaced; and reads and writes JSON."""

from __future__ import annotations

import copy
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
    """Give a temporary path to write to; its file replaces `path` at the end, in one step.

    If the body raises, `path` does not change. The temporary path has the same suffix, since some writers
    choose the format by it.

    Args:
        path: of a file in an existing folder.

    Raises:
        WriteError: if the file cannot be written.
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
    """Turn an error of writing a file or folder, such as a full disk, into one line.

    Errors about files elsewhere, such as an environment's own, do not change.

    Raises:
        WriteError: if an OSError is raised within, in its place.
    """
    try:
        yield
    except OSError as error:
        if error.filename is not None and path.parent not in Path(error.filename).parents:
            raise
        raise WriteError(f"cannot write {path}: {error.strerror or error}") from error


def write_all(file: io.FileIO, data: bytes) -> None:
    """Append all data to an unbuffered file, or none of it if the disk becomes full."""
    end = file.tell()
    try:
        while data:
            data = data[file.write(data) :]
    except OSError:
        file.truncate(end)
        raise


def tensors_as_bytes(content: dict[str, Any]) -> bytes:
    """Return the bytes of `torch.save`, which hides the error if it writes to a full disk itself.

    Tensors are saved as those of the CPU, so that any machine can read them.
    """
    file = io.BytesIO()
    torch.save(_on_cpu(content), file)
    return file.getvalue()


def _on_cpu(content: Any) -> Any:
    if isinstance(content, torch.Tensor):
        return content.cpu()
    if isinstance(content, dict):
        result = copy.copy(content)  # of the same kind: the dict of a network also has a version
        result.update((name, _on_cpu(value)) for name, value in content.items())
        return result
    return type(content)(map(_on_cpu, content)) if type(content) in (list, tuple) else content


def as_json(content: Any, indent: int | None = 2) -> str:
    """Return content as standard JSON: numbers that are not finite become null.

    Args:
        content: dicts with strings as keys, lists, tuples, strings and numbers.
        indent: None gives one line.
    """
    return json.dumps(_finite(content), indent=indent, allow_nan=False)


def with_infinity(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a config.json with infinity in place of "inf", which stands for it in JSON."""
    return {name: math.inf if value == "inf" else value for name, value in fields.items()}


def _finite(content: Any) -> Any:
    if isinstance(content, dict):
        return {name: _finite(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content
