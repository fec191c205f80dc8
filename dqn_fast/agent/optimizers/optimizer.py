"""What the agent needs of an optimiser: `Adam` and `RMSProp` are two."""

from __future__ import annotations

from typing import Any, Protocol


class Optimizer(Protocol):
    """Moves parameters against their gradient."""

    def step(self, learning_rate: float) -> None:
        """Make one step by the gradient as it is now."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return all that changes from step to step, to be saved."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where the optimiser was that `state` was taken from."""
        ...
