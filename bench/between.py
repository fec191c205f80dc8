"""The parts of README that are written by programs stand between two markers each."""

from __future__ import annotations


def between_markers(text: str, begin: str, end: str, new: str) -> str:
    """The text with what stands between the markers replaced.

    Raises:
        ValueError: if a marker does not occur exactly once, in order.
    """
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise ValueError(f"README.md: expected one {begin!r}, and one {end!r} after it")
    before, rest = text.split(begin)
    return f"{before}{begin}\n{new}\n{end}{rest.split(end)[1]}"
