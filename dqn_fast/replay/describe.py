"""What arrays, batches and buffers look like in one line, for their `repr`."""

from __future__ import annotations

from typing import Any


def describe(tree: Any) -> str:
    """Return dtype and shape of an array, a tensor or a leaf of a schema, or of each in a (nested) dict."""
    if isinstance(tree, dict):
        return f"{{{', '.join(f'{key}: {describe(child)}' for key, child in tree.items())}}}"
    text = f"{tree.dtype}{list(tree.shape)}"
    if (frames := getattr(tree, "frames", 1)) > 1:
        text += f" of {frames} frames"
    if (device := str(getattr(tree, "device", "cpu"))) != "cpu":
        text += f" on {device}"
    return text


def one_line(name: str, first: str, parts: dict[str, Any]) -> str:
    """Return `name(first, part=value, ...)`; parts that are None or hold nothing are left out."""
    named = [f"{part}={value}" for part, value in parts.items() if value not in (None, "{}")]
    return f"{name}({', '.join([first, *named])})"
