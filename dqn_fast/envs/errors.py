"""Errors of environments: a state that cannot be restored, or a value that does not fit."""

from __future__ import annotations


class RestoreError(RuntimeError):
    """Environments could not be restored to a state; `reset` them and go on with new episodes."""


class MisfitError(ValueError):
    """An environment gave a value that does not fit its spaces; the message names both."""
