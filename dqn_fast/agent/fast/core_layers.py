"""Dense layers computed by the C++ core, over the very memory of their parameters.

For a few observations nearly all of the time of PyTorch is the way to the arithmetic, and the way of the core
is many times shorter. Nothing is copied: an optimiser or `load_state_dict` that changes parameters in place
changes these layers, too.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from dqn_fast.agent.networks.layers import UnknownModuleError, linear_layers

Floats = npt.NDArray[np.float32]


class Dense(NamedTuple):
    """A dense layer, and the arrays that it reads and writes: what the core's `DenseLayers` takes."""

    features: Floats  # (N, inputs)
    weight: Floats  # (outputs, inputs)
    bias: Floats  # (outputs,)
    outputs: Floats  # (N, outputs)
    relu: bool

    @property
    def multiplications(self) -> int:
        """How many it makes."""
        return len(self.features) * self.weight.size


def make_dense(features: Floats, weight: Tensor, bias: Tensor, relu: bool) -> Dense:
    """Return a layer on `features`, with new outputs.

    Args:
        features: `(N, inputs)`, in C order.
        weight: `(outputs, inputs)`; more axes of inputs are one.
        bias: `(outputs,)`.
        relu: whether a ReLU is behind it.

    Raises:
        UnknownModuleError: the parameters are not float32, in C order, on the CPU.
    """
    for parameter in (weight, bias):
        if parameter.dtype != torch.float32 or parameter.is_cuda or not parameter.is_contiguous():
            raise UnknownModuleError(f"a parameter of {parameter.dtype} on {parameter.device}")
    outputs = np.empty((len(features), len(bias)), np.float32)
    return Dense(
        features, weight.detach().numpy().reshape(len(bias), -1), bias.detach().numpy(), outputs, relu
    )


def dense_layers(module: nn.Module, features: Floats) -> tuple[list[Dense], Floats]:
    """Return the layers of a linear layer, or of a sequence of linear layers and ReLU, and the last outputs.

    Args:
        module: the layers; without any, the features come back.
        features: `(N, inputs)`, what the first layer reads.

    Raises:
        UnknownModuleError: another module is in it.
    """
    layers: list[Dense] = []
    for linear, relu in linear_layers(module):
        layers.append(make_dense(features, linear.weight, linear.bias, relu))
        features = layers[-1].outputs
    return layers, features
