"""RMSProp over one vector, as the DQN was published with."""

from __future__ import annotations

from typing import Any

import torch

from dqn_fast.agent.optimizers.parameters import FlatParameters


class RMSProp:
    """Centred RMSProp (Graves, 2013), the optimiser of Mnih et al. (2015), by PyTorch's own class.

    A step is the gradient divided by the square root of its running variance, plus `eps`. With momentum m
    steps add up to 1 / (1 - m) of their length, which Adam's do not: MinAtar's learning rate of 2.5e-4 with
    momentum 0.95 moves as far as 5e-3 without.

    Args:
        parameters: `vector` moves against `gradient`.
        eps: added to the denominator of the step, above 0.
        momentum: share of the last step that is made again, from 0 to below 1.
        decay: per step, of the averages of the gradient and of its square.
    """

    def __init__(
        self, parameters: FlatParameters, *, eps: float = 0.01, momentum: float = 0.0, decay: float = 0.95
    ) -> None:
        self._optimizer = torch.optim.RMSprop(
            [parameters.vector], alpha=decay, eps=eps, momentum=momentum, centered=True
        )

    def step(self, learning_rate: float) -> None:
        """Make one step by the gradient as it is now."""
        self._optimizer.param_groups[0]["lr"] = learning_rate
        self._optimizer.step()

    def state_dict(self) -> dict[str, Any]:
        """Return all that changes from step to step, to be saved."""
        return self._optimizer.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where the optimiser was that `state` was taken from."""
        self._optimizer.load_state_dict(state)
