"""The errors of environments: they cannot be put back where they were, or give what nobody can take."""

from __future__ import annotations


class RestoreError(RuntimeError):
    """Environments did not come back to a state that was taken; `reset` them and go on with new episodes."""


class MisfitError(ValueError):
    """A value is not what its environment says that it gives; the message names value and expectation."""
