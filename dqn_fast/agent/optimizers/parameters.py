"""One vector for all parameters of a network, and one for their gradients.

On small networks an optimiser spends its time on calls, at least one for each parameter. Over one vector,
Adam, the norm of the gradient, and a target network's step take one kernel each, whatever the number of
layers.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dqn_fast.agent.networks.held import shared_modules
from dqn_fast.errors import UsageError


class FlatParameters:
    """All parameters of a network that learn, as one vector.

    These parameters become views of the vector, and their gradients views of the vector's gradient; names,
    shapes and values stay what they were. A parameter that needs no gradient (`requires_grad`) stays where it
    is: neither an optimiser nor a target network has anything for it.

    Args:
        net: its parameters that learn must have one dtype, and be on one device.
        pin_memory: whether the vector, then on the CPU, is pinned, for copies from a GPU.

    Attributes:
        vector: `(number of parameters that learn,)`, in the order of `net.parameters()`, but those of
            `Shared` modules last; for an optimiser.
        gradient: `vector.grad`, of the same shape. Backward passes add to it: set it to 0 before each.
        buffers: the network's buffers of floating dtype, those of `Shared` modules last.

    Raises:
        ValueError: if the network has no parameters that learn.
    """

    def __init__(self, net: nn.Module, *, pin_memory: bool = False) -> None:
        shared = {
            id(one) for module in shared_modules(net) for one in (*module.parameters(), *module.buffers())
        }
        every = sorted(net.parameters(), key=lambda one: id(one) in shared)
        self._every = [(one.numel(), one.requires_grad) for one in every]
        parameters = [one for one in every if one.requires_grad]
        if not parameters:
            raise ValueError(f"net: got a {type(net).__name__}, expected parameters in it that learn")
        with torch.no_grad():
            vector = torch.cat([parameter.reshape(-1) for parameter in parameters])
            self.vector = nn.Parameter(vector.pin_memory() if pin_memory else vector)
        self.gradient = torch.zeros_like(self.vector)
        self.vector.grad = self.gradient
        buffers = [buffer for buffer in net.buffers() if buffer.is_floating_point()]
        self.buffers = sorted(buffers, key=lambda one: id(one) in shared)
        sizes = [parameter.numel() for parameter in parameters]
        views = zip(torch.split(self.vector.detach(), sizes), torch.split(self.gradient, sizes), strict=True)
        for parameter, (value, gradient) in zip(parameters, views, strict=True):
            parameter.data = value.view(parameter.shape)
            parameter.grad = gradient.view(parameter.shape)

    def of_learning(self, moments: Tensor) -> Tensor:
        """Return what an optimiser has saved of the weights that learn.

        Args:
            moments: of these weights, or of all, as older checkpoints have them.

        Raises:
            UsageError: if they are of other weights.
        """
        sizes = [size for size, _ in self._every]
        if len(moments) == len(self.vector):
            return moments
        if len(moments) != sum(sizes):
            raise UsageError(
                f"optimizer: got moments of {len(moments):,} weights, expected {len(self.vector):,}"
            )
        parts = zip(torch.split(moments, sizes), self._every, strict=True)
        return torch.cat([part for part, (_, learns) in parts if learns])


def shorten(gradient: Tensor, max_norm: float) -> float:
    """Shorten a gradient to a 2-norm of at most `max_norm`, in place, and return the norm it had.

    Args:
        gradient: a vector.
        max_norm: above 0; infinity changes nothing.
    """
    norm: float = torch.linalg.vector_norm(gradient).item()
    if norm > max_norm:
        gradient.mul_(max_norm / norm)
    return norm
