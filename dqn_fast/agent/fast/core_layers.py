"""Dense layers computed by the C++ core, over the memory of their parameters.

For a few observations PyTorch spends nearly all its time on dispatch; the core has almost none. Nothing
is copied: when an optimiser or `load_state_dict` changes parameters in place, these layers change, too.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from dqn_fast.agent.fast.known_modules import UnknownModuleError, linear_layers

Floats = npt.NDArray[np.float32]


class CoreLayer(NamedTuple):
    """A dense layer with the arrays that it reads and writes, as the core's `DenseLayers` takes it."""

    features: Floats  # (N, inputs)
    weight: Floats  # (outputs, inputs)
    bias: Floats  # (outputs,)
    outputs: Floats  # (N, outputs)
    relu: bool

    @property
    def multiplications(self) -> int:
        """Multiplications of one run."""
        return len(self.features) * self.weight.size


def make_core_layer(features: Floats, weight: Tensor, bias: Tensor, relu: bool) -> CoreLayer:
    """Return a layer that reads `features` and writes a new array.

    Args:
        features: `(N, inputs)`, in C order.
        weight: `(outputs, inputs)`; several axes of inputs are flattened.
        bias: `(outputs,)`.
        relu: whether a ReLU follows.

    Raises:
        UnknownModuleError: if the parameters are not float32, in C order, on the CPU.
    """
    for parameter in (weight, bias):
        if (
            parameter.dtype != torch.float32
            or parameter.device.type != "cpu"
            or not parameter.is_contiguous()
        ):
            got = f"{parameter.dtype} on {parameter.device}"
            raise UnknownModuleError(f"parameter: got {got}, expected float32 in C order, on the CPU")
    outputs = np.empty((len(features), len(bias)), np.float32)
    return CoreLayer(
        features, weight.detach().numpy().reshape(len(bias), -1), bias.detach().numpy(), outputs, relu
    )


def core_layers(module: nn.Module, features: Floats) -> tuple[list[CoreLayer], Floats]:
    """Return the core's layers for a module, and the array of the last outputs.

    Args:
        module: a linear layer, or a sequence of linear layers and ReLU; may be empty.
        features: inputs of the first layer, `(N, inputs)`; the last outputs if there is no layer.

    Raises:
        UnknownModuleError: if the module has another one inside.
    """
    layers: list[CoreLayer] = []
    for linear, relu in linear_layers(module):
        layers.append(make_core_layer(features, linear.weight, linear.bias, relu))
        features = layers[-1].outputs
    return layers, features
