"""Errors of the buffer, in the words of those who call a drop-in."""

from __future__ import annotations

_WORDS = {"obs": "state", "next_obs": "next_state", "terminated": "done"}


def in_the_callers_words(error: Exception) -> Exception:
    """Return the same error with the caller's name of the argument: `state` where the buffer says `obs`."""
    name, colon, rest = str(error).partition(":")
    return type(error)(f"{_WORDS.get(name, name)}{colon}{rest}")
