"""Backpropagation through a Q-network from a given gradient of its outputs.

An objective computes the derivative of its loss by the network's outputs, so only the network itself is left
to differentiate. For the networks of `make_q_net` this takes a few matrix products, which are quicker by hand
than by PyTorch's autograd. Autograd does any other network.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn

from dqn_fast.agent.fast.backward_dense import DenseStack, Dueling, Part, SideBySide
from dqn_fast.agent.fast.by_cells import ByCells
from dqn_fast.agent.fast.by_tokens import ByTokens
from dqn_fast.agent.fast.known_modules import UnknownModuleError, require_no_hooks
from dqn_fast.agent.networks.encoders import DictEncoder, FlattenEncoder, OneHotEncoder
from dqn_fast.agent.networks.heads import Heads
from dqn_fast.agent.networks.q_network import DuelingHead, QNetwork
from dqn_fast.agent.networks.sequence_network import SequenceNetwork
from dqn_fast.agent.networks.token_network import TokenNetwork

_KNOWN_ENCODERS = (FlattenEncoder, OneHotEncoder, DictEncoder, nn.ModuleList)  # nothing in them changes


class Values(Protocol):
    """A network as objectives see it; called without autograd, under `Differentiable.off`."""

    def __call__(self, obs: Any) -> Tensor:
        """Return the outputs, `(B, ...)`, without a gradient.

        Args:
            obs: a tensor of B observations, or a (nested) dict of them.
        """
        ...

    def at(self, obs: Any, action: Tensor, whole: tuple[str, ...] = ()) -> Tensor:
        """Return outputs of which those of `action`, `(B,)` int64, are needed alone, beside `whole` heads.

        See `QNetwork.at`.
        """
        ...

    def reduced(self, obs: Any, reduce: Callable[[Tensor], Tensor]) -> Tensor:
        """Return what `reduce` makes of each row's outputs, `(B, ...)`; see `QNetwork.reduced`."""
        ...

    def best_action(self, obs: Any, needed: Tensor) -> Tensor:
        """Return the best action of each row that is `needed`, `(B,)`; see `QNetwork.best_action`."""
        ...

    def values(self, outputs: Tensor) -> Tensor:
        """Return the action values, `(B, A)`, that `outputs` mean; see `QNetwork.values`."""
        ...


class Differentiable(Values, Protocol):
    """A network that gives a backward pass, too."""

    @property
    def off(self) -> Callable[[], AbstractContextManager[Any]]:
        """What turns autograd off around its calls: `torch.no_grad`, or `torch.inference_mode` if it can.

        In inference mode every call of PyTorch is shorter, but autograd can never use what is made there.
        """
        ...

    def trace(
        self, obs: Any, action: Tensor | None = None, whole: tuple[str, ...] = ()
    ) -> tuple[Tensor, Callable[[Tensor], Any]]:
        """Return the outputs and their backward pass.

        The backward pass takes the gradient of the outputs, and adds to the `.grad` of each parameter, which
        must exist. Call it once, before any parameter changes.

        Args:
            obs: a tensor of B observations, or a (nested) dict of them.
            action: `(B,)` int64, if outputs of no other action are needed; see `QNetwork.at`.
            whole: names of heads whose outputs of all actions are needed all the same.
        """
        ...


class ByAutograd:
    """Runs any Q-network by PyTorch's autograd.

    Args:
        q_net: the network.
    """

    off = torch.no_grad

    def __init__(self, q_net: QNetwork) -> None:
        self.values = q_net.values
        self._q_net = q_net

    def __call__(self, obs: Any) -> Tensor:
        """Return the outputs."""
        outputs: Tensor = self._q_net(obs)
        return outputs

    def at(self, obs: Any, action: Tensor, whole: tuple[str, ...] = ()) -> Tensor:
        """Return the outputs of these actions."""
        return self._q_net.at(obs, action, whole)

    def reduced(self, obs: Any, reduce: Callable[[Tensor], Tensor]) -> Tensor:
        """Return what `reduce` makes of each row's outputs, `(B, ...)`."""
        return self._q_net.reduced(obs, reduce)

    def best_action(self, obs: Any, needed: Tensor) -> Tensor:
        """Return the best action of each row that is needed, `(B,)` int64."""
        return self._q_net.best_action(obs, needed)

    def trace(
        self, obs: Any, action: Tensor | None = None, whole: tuple[str, ...] = ()
    ) -> tuple[Tensor, Callable[[Tensor], Any]]:
        """Return the outputs and their backward pass."""
        return _trace(self._q_net, obs) if action is None else _trace(self._q_net.at, obs, action, whole)


class ByLayers:
    """Runs a Q-network's dense layers by hand, and an encoder with parameters (convolutions) by autograd.

    Args:
        q_net: made by `make_q_net`.

    Raises:
        UnknownModuleError: if it has another module or a hook, or masks actions.
    """

    def __init__(self, q_net: QNetwork) -> None:
        if type(q_net) is not QNetwork:
            raise UnknownModuleError(f"q_net: got {type(q_net).__name__}, expected a QNetwork")
        require_no_hooks(q_net)
        self.values = q_net.values
        self._encoder = encoder = cast(nn.Module, q_net.encoder)
        self._encode = encoder.forward  # without hooks that is all that a call would do
        self._encoder_learns = any(one.requires_grad for one in encoder.parameters())
        # Another encoder may use autograd, or keep what it makes.
        is_known = all(type(module) in _KNOWN_ENCODERS for module in encoder.modules())
        self.off = torch.inference_mode if is_known else torch.no_grad
        self._body = DenseStack(q_net.body, input_needs_gradient=self._encoder_learns)
        self._head = _head(q_net.head)

    def __call__(self, obs: Any) -> Tensor:
        """Return the outputs, `(B, ...)`."""
        return self._head(self._body(self._encode(obs)))

    def at(self, obs: Any, action: Tensor, whole: tuple[str, ...] = ()) -> Tensor:
        """Return the outputs of all actions, `(B, ...)`."""
        return self(obs)

    def reduced(self, obs: Any, reduce: Callable[[Tensor], Tensor]) -> Tensor:
        """Return what `reduce` makes of each row's outputs, `(B, ...)`."""
        return reduce(self(obs))

    def best_action(self, obs: Any, needed: Tensor) -> Tensor:
        """Return the best action of each row, `(B,)` int64."""
        return self.values(self(obs)).argmax(1)

    def trace(
        self, obs: Any, action: Tensor | None = None, whole: tuple[str, ...] = ()
    ) -> tuple[Tensor, Callable[[Tensor], None]]:
        """Return the outputs of all actions, `(B, ...)`, and their backward pass."""
        encoder_backward: Callable[[Tensor], Any] = _nothing
        if self._encoder_learns:
            features, encoder_backward = _trace(self._encoder, obs)
        else:
            features = self._encode(obs)
        hidden, body_backward = self._body.trace(features)
        outputs, head_backward = self._head.trace(hidden)

        def backward(gradient: Tensor) -> None:
            encoder_backward(body_backward(head_backward(gradient)))

        return outputs, backward


def make_differentiable(q_net: QNetwork) -> Differentiable:
    """Return the quickest forward and backward pass of a network.

    Args:
        q_net: its parameters may change in place later, but must not move in memory. A sequence network takes
            `Cells` for observations.
    """
    if isinstance(q_net, TokenNetwork):
        return ByTokens(q_net)
    if isinstance(q_net, SequenceNetwork):
        return ByCells(q_net)
    try:
        return ByLayers(q_net)
    except UnknownModuleError:
        return ByAutograd(q_net)


def _trace(module: Callable[..., Tensor], *inputs: Any) -> tuple[Tensor, Callable[[Tensor], Any]]:
    with torch.enable_grad():
        outputs = module(*inputs)
    return outputs.detach(), outputs.backward


def _nothing(gradient: Tensor) -> None:
    """Do nothing: the backward pass of an encoder without parameters."""


def _head(head: nn.Module) -> Part:
    if type(head) is DuelingHead:
        return Dueling(DenseStack(head.value), DenseStack(head.advantage))
    if type(head) is Heads:
        return SideBySide([DenseStack(one) for one in head.values()])
    return DenseStack(head)
