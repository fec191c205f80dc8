"""A copy of a network that follows it: a target network, or one that acts on another device."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor

from dqn_fast.agent.networks.held import Held, shared_modules
from dqn_fast.agent.networks.q_network import QNetwork
from dqn_fast.agent.optimizers.parameters import FlatParameters


class NetworkCopy:
    """A copy of a network, in one vector, that can move towards the network.

    A frozen module is the network's own (`held`). On the same device a shared one is, too, and so is every
    parameter that does not learn.

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
        still = [one for one in q_net.parameters() if not one.requires_grad]
        held: dict[int, Any] = {}
        if device is None:  # there is no second one of what is shared, or does not learn
            held = {id(module): Held(module) for module in shared_modules(q_net)}
            held |= {id(one): one for one in still}
        self.net = copy.deepcopy(q_net, held)
        if device is not None:
            self.net.to(device)
        copied = [one for one in self.net.parameters() if not one.requires_grad]
        comes_from_gpu = parameters.vector.is_cuda and device is not None and device.type == "cpu"
        own = FlatParameters(self.net, pin_memory=comes_from_gpu)
        for one in (own.vector, *self.net.parameters()):
            one.requires_grad_(False)
            one.grad = None  # nobody needs its memory
        # What belongs to shared modules stands behind.
        vector = parameters.vector.detach()[: len(own.vector)]
        buffers = parameters.buffers[: len(own.buffers)]
        self._pairs = list(zip([own.vector, *own.buffers], [vector, *buffers], strict=True))
        if device is not None:
            self._pairs += zip(copied, still, strict=True)

    def copy(self) -> None:
        """Become the network's equal; from another device this waits for all that was enqueued there."""
        for own, followed in self._pairs:
            own.copy_(followed)

    def approach(self, tau: float | Tensor) -> None:
        """Move by a share `tau` of the way: 1 is a copy, to the bit, and 0 changes nothing."""
        for own, followed in self._pairs:
            own.lerp_(followed, tau.to(own.dtype) if isinstance(tau, Tensor) else tau)
