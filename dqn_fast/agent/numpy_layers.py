"""Layers computed by NumPy, over the very memory of their parameters.

For one observation and layers of 64, nearly all of the time of PyTorch is the way to the arithmetic, and the
way of NumPy is several times shorter. Nothing is copied: an optimiser or `load_state_dict` that changes
parameters in place changes these layers, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from torch import nn

from dqn_fast.agent.layers import linear_layers

Floats = npt.NDArray[np.float32]

_ZERO = np.zeros((), np.float32)  # an array: a Python number would be made one in every call


class Dense(NamedTuple):
    """A linear layer and whether a ReLU is behind it."""

    weight: Floats  # (inputs, outputs): the transpose of PyTorch's
    bias: Floats
    relu: bool

    def __call__(self, features: Floats, out: Floats) -> None:
        """Write the layer's outputs `(N, outputs)` for `features` `(N, inputs)` to `out`."""
        weight, bias, relu = self
        np.dot(features, weight, out=out)
        np.add(out, bias, out=out)
        if relu:
            np.maximum(out, _ZERO, out=out)


class Perceptron:
    """Dense layers, one after another, and the arrays that they write N rows to.

    Args:
        layers: first to last; with none, features come back as they are.
        rows: N.
    """

    def __init__(self, layers: Sequence[Dense], rows: int) -> None:
        self._layers = [(layer, np.empty((rows, layer.bias.size), np.float32)) for layer in layers]

    def __call__(self, features: Floats) -> Floats:
        """Return the last layer's outputs, `(N, outputs)`, in an array that the next call overwrites."""
        for layer, out in self._layers:
            layer(features, out)
            features = out
        return features


def dense_layers(module: nn.Module) -> list[Dense]:
    """Return the layers of a linear layer, or of a sequence of linear layers and ReLU.

    Raises:
        UnknownModuleError: another module is in it.
    """
    return [
        Dense(linear.weight.detach().numpy().T, linear.bias.detach().numpy(), relu)
        for linear, relu in linear_layers(module)
    ]
