"""The error of environments that cannot be put back where they were."""

from __future__ import annotations


class RestoreError(RuntimeError):
    """Environments did not come back to a state that was taken; `reset` them and go on with new episodes."""
