"""Files that are either whole or not there: written beside their place, then moved into it; and JSON."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Give a path to write to; what is there at the end becomes `path`, in one step.

    If the body raises, `path` stays what it was. The suffix is kept, since some writers choose the format
    by it.

    Args:
        path: a file in a folder that exists.
    """
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


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
