"""Dense layers and their gradients by hand, over the memory of a module's parameters.

For small layers, autograd's bookkeeping takes longer than the arithmetic. All of this is called with autograd
off.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from dqn_fast.agent.fast.known_modules import linear_layers
from dqn_fast.agent.fast.torch_private import relu_gradient

#: Takes the gradient of the outputs, `(B, outputs)`; adds to the `.grad` of each parameter; returns the
#: gradient of the inputs, `(B, inputs)`.
Backward = Callable[[Tensor], Tensor]


class Part(Protocol):
    """A part of a network: `(B, inputs)` to `(B, outputs)`, float32."""

    def __call__(self, features: Tensor) -> Tensor:
        """Return the outputs."""
        ...

    def trace(self, features: Tensor) -> tuple[Tensor, Backward]:
        """Return the outputs and their backward pass."""
        ...


class DenseLayer(NamedTuple):
    """A linear layer, with or without a ReLU after it."""

    weight: Tensor
    transposed: Tensor  # a view: (inputs, outputs)
    bias: Tensor
    relu: bool

    def __call__(self, features: Tensor) -> Tensor:
        """Return the outputs."""
        outputs = torch.addmm(self.bias, features, self.transposed)
        return outputs.relu_() if self.relu else outputs

    def add_gradients(self, features: Tensor, gradient: Tensor) -> None:
        """Add to the parameters' gradients.

        Parameters that do not require a gradient get none, as with autograd.

        Args:
            features: inputs of the layer, `(B, inputs)`.
            gradient: of the outputs before the ReLU, `(B, outputs)`.
        """
        if self.weight.requires_grad:
            weight = _gradient_of(self.weight)
            # Either form gives the same product; BLAS is slow where the result has few columns.
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
        input_needs_gradient: whether the backward pass returns the gradient of the inputs. If not, it saves
            one product, and its result means nothing.

    Raises:
        UnknownModuleError: if it has another module.
    """

    def __init__(self, module: nn.Module, *, input_needs_gradient: bool = True) -> None:
        self._layers = [
            DenseLayer(linear.weight, linear.weight.detach().t(), linear.bias, relu)
            for linear, relu in linear_layers(module)
        ]
        self._input_needs_gradient = input_needs_gradient

    def __call__(self, features: Tensor) -> Tensor:
        """Return the outputs; without layers, the features."""
        for layer in self._layers:
            features = layer(features)
        return features

    def trace(self, features: Tensor) -> tuple[Tensor, Backward]:
        """Return the outputs and their backward pass."""
        values = [features]
        for layer in self._layers:
            values.append(layer(values[-1]))

        def backward(gradient: Tensor) -> Tensor:
            for index in range(len(self._layers) - 1, -1, -1):
                layer = self._layers[index]
                if layer.relu:
                    gradient = relu_gradient(gradient, values[index + 1])
                layer.add_gradients(values[index], gradient)
                if index or self._input_needs_gradient:
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
        """Return q and its backward pass."""
        advantage, advantage_backward = self._advantage.trace(features)
        value, value_backward = self._value.trace(features)

        def backward(gradient: Tensor) -> Tensor:
            total = gradient.sum(1, keepdim=True)
            return value_backward(total).add_(advantage_backward(_over_mean(gradient)))

        return _over_mean(advantage).add_(value), backward


class SideBySide:
    """Several heads on the same features, whose outputs are joined; see `networks.heads.Heads`.

    Args:
        heads: each features to `(B, its outputs)`; at least one.
    """

    def __init__(self, heads: Sequence[DenseStack]) -> None:
        self._heads = heads

    def __call__(self, features: Tensor) -> Tensor:
        """Return the outputs of all heads, `(B, sum of their outputs)`."""
        return torch.cat([head(features) for head in self._heads], 1)

    def trace(self, features: Tensor) -> tuple[Tensor, Backward]:
        """Return the outputs of all heads and their backward pass."""
        traced = [head.trace(features) for head in self._heads]
        sizes = [outputs.shape[1] for outputs, _ in traced]

        def backward(gradient: Tensor) -> Tensor:
            parts = zip(traced, torch.split(gradient, sizes, 1), strict=True)
            return torch.stack([head_backward(part) for (_, head_backward), part in parts]).sum(0)

        return torch.cat([outputs for outputs, _ in traced], 1), backward


def _gradient_of(parameter: Tensor) -> Tensor:
    if parameter.grad is None:
        raise RuntimeError("parameter.grad: got None, expected FlatParameters of the network")
    return parameter.grad


def _over_mean(values: Tensor) -> Tensor:
    return values - values.mean(1, keepdim=True)
