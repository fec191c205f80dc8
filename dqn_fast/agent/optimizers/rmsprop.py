"""RMSProp over one vector, with which DQN was published."""

from __future__ import annotations

from typing import Any

import torch

from dqn_fast.agent.optimizers.parameters import FlatParameters


class RMSProp:
    """Centred RMSProp (Graves, 2013), the optimiser of Mnih et al. (2015), by PyTorch's own class.

    A step is the gradient divided by the square root of its running variance plus `eps`. With momentum m,
    steps become 1 / (1 - m) times as long, unlike Adam's: a learning rate of 2.5e-4 with momentum 0.95, as
    for MinAtar, moves as far as 5e-3 without.

    Args:
        parameters: their `vector` moves against their `gradient`.
        eps: added to the denominator of the step, above 0.
        momentum: share of the last step that is repeated, from 0 to below 1.
        decay: per step, of the averages of the gradient and of its square.
    """

    def __init__(
        self, parameters: FlatParameters, *, eps: float = 0.01, momentum: float = 0.0, decay: float = 0.95
    ) -> None:
        self._optimizer = torch.optim.RMSprop(
            [parameters.vector], alpha=decay, eps=eps, momentum=momentum, centered=True
        )

    def step(self, learning_rate: float) -> None:
        """Make one step against the current gradient."""
        self._optimizer.param_groups[0]["lr"] = learning_rate
        self._optimizer.step()

    def state_dict(self) -> dict[str, Any]:
        """Return everything that changes from step to step."""
        return self._optimizer.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        self._optimizer.load_state_dict(state)
