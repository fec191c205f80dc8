"""A copy of a network that follows it: a target network, or one that acts on another device."""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from dqn_fast.agent.networks.q_network import QNetwork
from dqn_fast.agent.optimizers.parameters import FlatParameters


class NetworkCopy:
    """A copy of a network, in one vector, that can move towards the network.

    Args:
        q_net: the network to follow. The copy starts as its equal.
        parameters: of `q_net`.
        device: of the copy; None: that of the network.

    Attributes:
        net: the copy.
    """

    def __init__(
        self, q_net: QNetwork, parameters: FlatParameters, device: torch.device | None = None
    ) -> None:
        self.net = copy.deepcopy(q_net).requires_grad_(False)
        if device is not None:
            self.net.to(device)
        comes_from_gpu = parameters.vector.is_cuda and device is not None and device.type == "cpu"
        own = FlatParameters(self.net, pin_memory=comes_from_gpu)
        own.vector.requires_grad_(False)
        self._pairs = list(
            zip([own.vector, *own.buffers], [parameters.vector.detach(), *parameters.buffers], strict=True)
        )

    def copy(self) -> None:
        """Become the network's equal; from another device this waits for all that was enqueued there."""
        for own, followed in self._pairs:
            own.copy_(followed)

    def approach(self, tau: float | Tensor) -> None:
        """Move by a share `tau` of the way: 1 is a copy, to the bit, and 0 changes nothing."""
        for own, followed in self._pairs:
            own.lerp_(followed, tau.to(own.dtype) if isinstance(tau, Tensor) else tau)
