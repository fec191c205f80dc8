"""Networks whose gradients are asked for by those of their outputs.

An update knows the derivative of its loss by the network's outputs, so that nothing but the network itself is
left to differentiate. For the networks of `make_q_net` that is a few products of matrices, and done by hand
it takes two thirds of the time of PyTorch's autograd; any other network is left to autograd.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn

from dqn_fast.agent.fast.backward_dense import DenseStack, Dueling, Part
from dqn_fast.agent.networks.layers import UnknownModuleError, require_no_hooks
from dqn_fast.agent.networks.q_network import DuelingHead, QNetwork

#: A network's outputs for a tensor of B observations, or a (nested) dict of them; without a gradient.
Values = Callable[[Any], Tensor]


class Differentiable(Protocol):
    """A network, and the way back through it; called without autograd's recording (`torch.no_grad`)."""

    def __call__(self, obs: Any) -> Tensor:
        """Return its outputs, `(B, ...)`, without a gradient."""
        ...

    def trace(self, obs: Any) -> tuple[Tensor, Callable[[Tensor], Any]]:
        """Return its outputs, and the way back from them.

        The latter takes the gradient of the outputs, of the same shape, and adds those of the parameters to
        their `.grad`, which must be there. It goes once, and before any parameter changes.
        """
        ...


class ByAutograd:
    """Any module.

    Args:
        net: takes what it is called with.
    """

    def __init__(self, net: nn.Module) -> None:
        self._net = net

    def __call__(self, obs: Any) -> Tensor:
        """Return the outputs."""
        outputs: Tensor = self._net(obs)
        return outputs

    def trace(self, obs: Any) -> tuple[Tensor, Callable[[Tensor], Any]]:
        """Return the outputs, and the way back."""
        with torch.enable_grad():
            outputs = self._net(obs)
        return outputs.detach(), outputs.backward


class ByLayers:
    """A Q-network of dense layers by hand; an encoder with parameters, such as convolutions, by autograd.

    Args:
        q_net: one that `make_q_net` makes.

    Raises:
        UnknownModuleError: another module is in it, or a hook, or it masks actions.
    """

    def __init__(self, q_net: QNetwork) -> None:
        if type(q_net) is not QNetwork:
            raise UnknownModuleError(type(q_net).__name__)
        require_no_hooks(q_net)
        self._encoder = encoder = cast(nn.Module, q_net.encoder)
        learns = any(True for _ in encoder.parameters())
        self._traced_encoder = ByAutograd(encoder) if learns else None
        self._body = DenseStack(q_net.body, ends=not learns)
        self._head = _head(q_net.head)

    def __call__(self, obs: Any) -> Tensor:
        """Return the action values, `(B, num_actions)`."""
        return self._head(self._body(self._encoder(obs)))

    def trace(self, obs: Any) -> tuple[Tensor, Callable[[Tensor], None]]:
        """Return the action values, and the way back."""
        into_encoder: Callable[[Tensor], Any] = _nowhere
        if self._traced_encoder is None:
            features = self._encoder(obs)
        else:
            features, into_encoder = self._traced_encoder.trace(obs)
        hidden, into_body = self._body.trace(features)
        q, into_head = self._head.trace(hidden)

        def backward(gradient: Tensor) -> None:
            into_encoder(into_body(into_head(gradient)))

        return q, backward


def _nowhere(gradient: Tensor) -> None:
    """The way back into an encoder without parameters."""


def _head(head: nn.Module) -> Part:
    if type(head) is DuelingHead:
        return Dueling(DenseStack(head.value), DenseStack(head.advantage))
    return DenseStack(head)


def make_differentiable(q_net: QNetwork) -> Differentiable:
    """Return the quickest way through a network and back.

    Args:
        q_net: its parameters may change in place later, and not be put elsewhere.
    """
    try:
        return ByLayers(q_net)
    except UnknownModuleError:
        return ByAutograd(q_net)
