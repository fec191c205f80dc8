"""The interface of optimisers, such as `Adam` and `RMSProp`."""

from __future__ import annotations

from typing import Any, Protocol

from torch import Tensor


class Optimizer(Protocol):
    """Moves parameters against their gradient."""

    def step(self, learning_rate: float) -> None:
        """Make one step against the current gradient."""
        ...

    def guarded_step(self, learning_rate: Tensor, going: Tensor) -> None:
        """Make one step where `going` is 1, and none where it is 0, without a look at either.

        Args:
            learning_rate: a scalar on the device of the parameters.
            going: a float32 scalar there, 1 or 0.
        """
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return everything that changes from step to step."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        ...
