"""Dense layers and their gradients by hand, over the memory of a module's parameters.

Between small layers, autograd's bookkeeping takes longer than their arithmetic. All of this is
called without autograd's recording (`torch.no_grad`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from dqn_fast.agent.networks.layers import linear_layers

#: From the gradient of outputs `(B, outputs)` to that of inputs `(B, inputs)`; on its way it adds to the
#: parameters' `.grad`.
Backward = Callable[[Tensor], Tensor]


class Part(Protocol):
    """A part of a network: `(B, inputs)` to `(B, outputs)`, float32."""

    def __call__(self, features: Tensor) -> Tensor:
        """Return the outputs."""
        ...

    def trace(self, features: Tensor) -> tuple[Tensor, Backward]:
        """Return the outputs, and the way back."""
        ...


class Layer(NamedTuple):
    """A linear layer, and whether a ReLU is behind it."""

    weight: Tensor
    transposed: Tensor  # a view: (inputs, outputs)
    bias: Tensor
    relu: bool

    def __call__(self, features: Tensor) -> Tensor:
        """Return the outputs."""
        outputs = torch.addmm(self.bias, features, self.transposed)
        return outputs.relu_() if self.relu else outputs

    def add_gradients(self, features: Tensor, gradient: Tensor) -> None:
        """Add to the parameters' gradients, given the inputs and the gradient of the outputs before ReLU.

        Parameters that do not require a gradient are frozen, as with autograd.
        """
        if self.weight.requires_grad:
            weight = _gradient_of(self.weight)
            # The same product twice: BLAS takes four times as long where the result has few columns.
            if features.shape[1] < gradient.shape[1]:
                weight.add_((features.t() @ gradient).t())
            else:
                weight.addmm_(gradient.t(), features)
        if self.bias.requires_grad:
            _gradient_of(self.bias).add_(gradient.sum(0))


class DenseStack:
    """Linear layers, one after another, each with or without a ReLU.

    Args:
        module: a linear layer, or a sequence of linear layers and ReLU.
        ends: the gradient of the inputs is of no use to anybody: the way back gives something else instead.

    Raises:
        UnknownModuleError: another module is in it.
    """

    def __init__(self, module: nn.Module, *, ends: bool = False) -> None:
        self._layers = [
            Layer(linear.weight, linear.weight.detach().t(), linear.bias, relu)
            for linear, relu in linear_layers(module)
        ]
        self._ends = ends

    def __call__(self, features: Tensor) -> Tensor:
        """Return the outputs; without layers, the features."""
        for layer in self._layers:
            features = layer(features)
        return features

    def trace(self, features: Tensor) -> tuple[Tensor, Backward]:
        """Return the outputs, and the way back."""
        values = [features]
        for layer in self._layers:
            values.append(layer(values[-1]))

        def backward(gradient: Tensor) -> Tensor:
            for index in range(len(self._layers) - 1, -1, -1):
                layer = self._layers[index]
                if layer.relu:
                    gradient = torch.ops.aten.threshold_backward(gradient, values[index + 1], 0)
                layer.add_gradients(values[index], gradient)
                if index or not self._ends:
                    gradient = gradient @ layer.weight
            return gradient

        return values[-1], backward


class Dueling:
    """A state's value plus each action's advantage over the mean; see `networks.DuelingHead`.

    Args:
        value: features to `(B, 1)`.
        advantage: features to `(B, num_actions)`.
    """

    def __init__(self, value: DenseStack, advantage: DenseStack) -> None:
        self._value = value
        self._advantage = advantage

    def __call__(self, features: Tensor) -> Tensor:
        """Return q, `(B, num_actions)`."""
        return _over_mean(self._advantage(features)).add_(self._value(features))

    def trace(self, features: Tensor) -> tuple[Tensor, Backward]:
        """Return q, and the way back."""
        advantage, into_advantage = self._advantage.trace(features)
        value, into_value = self._value.trace(features)

        def backward(gradient: Tensor) -> Tensor:
            total = gradient.sum(1, keepdim=True)
            return into_value(total).add_(into_advantage(_over_mean(gradient)))

        return _over_mean(advantage).add_(value), backward


def _gradient_of(parameter: Tensor) -> Tensor:
    if parameter.grad is None:
        raise RuntimeError("a parameter has no .grad to add to, expected FlatParameters of the network")
    return parameter.grad


def _over_mean(values: Tensor) -> Tensor:
    return values - values.mean(1, keepdim=True)
