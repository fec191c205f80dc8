"""The error that a person can mend: shown as one line, without a traceback."""

from __future__ import annotations


class UsageError(ValueError):
    """Something asked for cannot be done; its message is one line that says what and what to do instead."""
