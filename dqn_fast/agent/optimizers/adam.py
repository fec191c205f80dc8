"""Adam over one vector, by PyTorch's kernel without PyTorch's optimiser class."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from dqn_fast.agent.fast import AdamState, make_adam_step, make_guarded_adam_step
from dqn_fast.agent.optimizers.parameters import FlatParameters


class Adam:
    """Adam (Kingma & Ba, 2015), as `torch.optim.Adam(..., fused=True)` computes it, to the bit.

    On a small vector that class spends nearly all its time around its kernel: on groups of parameters, hooks
    and profiling. Here the kernel is called directly.

    Args:
        parameters: their `vector` moves against their `gradient`.
        eps: added to the denominator of the step, above 0.
        betas: decay per step of the averages of the gradient and of its square.
    """

    def __init__(
        self, parameters: FlatParameters, *, eps: float = 1e-8, betas: tuple[float, float] = (0.9, 0.999)
    ) -> None:
        self._parameters = parameters
        vector = parameters.vector.detach()
        self._average, self._square = torch.zeros_like(vector), torch.zeros_like(vector)
        self._steps = torch.zeros(
            (), dtype=torch.float32, device=vector.device
        )  # a tensor, as the kernel expects
        state = AdamState(vector, parameters.gradient, self._average, self._square, self._steps)
        self._step = make_adam_step(state, betas, eps)
        self._guarded_step = make_guarded_adam_step(state, betas, eps)

    def step(self, learning_rate: float) -> None:
        """Make one step against the current gradient."""
        self._step(learning_rate)

    def guarded_step(self, learning_rate: Tensor, going: Tensor) -> None:
        """Make one step where `going` is 1; see `Optimizer`."""
        self._guarded_step(learning_rate, going)

    def state_dict(self) -> dict[str, Any]:
        """Return everything that changes from step to step."""
        return {"average": self._average, "square": self._square, "steps": self._steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state`.

        Raises:
            UsageError: if it is of another number of weights.
        """
        average, square = (self._parameters.of_learning(state[name]) for name in ("average", "square"))
        self._average.copy_(average)
        self._square.copy_(square)
        self._steps.copy_(state["steps"])
