"""The interface of optimisers, such as `Adam` and `RMSProp`."""

from __future__ import annotations

from typing import Any, Protocol


class Optimizer(Protocol):
    """Moves parameters against their gradient."""

    def step(self, learning_rate: float) -> None:
        """Make one step against the current gradient."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return everything that changes from step to step."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        ...
