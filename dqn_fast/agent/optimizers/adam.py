"""Adam over one vector, by PyTorch's kernel and without PyTorch's optimiser around it."""

from __future__ import annotations

from typing import Any

import torch

from dqn_fast.agent.fast import make_adam_step
from dqn_fast.agent.optimizers.parameters import FlatParameters


class Adam:
    """Adam (Kingma & Ba, 2015), as `torch.optim.Adam(..., fused=True)` computes it, to the bit.

    On a vector of some thousand numbers nearly all of the time of that class is the way to its kernel: groups
    of parameters, hooks, profiling. Called directly, the kernel makes a step in a fifth of the time.

    Args:
        parameters: `vector` moves against `gradient`.
        eps: added to the denominator of the step, above 0.
        betas: decay per step of the averages of the gradient and of its square.
    """

    def __init__(
        self, parameters: FlatParameters, *, eps: float = 1e-8, betas: tuple[float, float] = (0.9, 0.999)
    ) -> None:
        vector = parameters.vector.detach()
        self._average, self._square = torch.zeros_like(vector), torch.zeros_like(vector)
        self._steps = torch.zeros((), dtype=torch.float32)  # which the kernel wants as a tensor
        self._step = make_adam_step(
            vector, parameters.gradient, self._average, self._square, self._steps, betas, eps
        )

    def step(self, learning_rate: float) -> None:
        """Make one step by the gradient as it is now."""
        self._step(learning_rate)

    def state_dict(self) -> dict[str, Any]:
        """Return all that changes from step to step, to be saved."""
        return {"average": self._average, "square": self._square, "steps": self._steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where the optimiser was that `state` was taken from."""
        self._average.copy_(state["average"])
        self._square.copy_(state["square"])
        self._steps.copy_(state["steps"])
