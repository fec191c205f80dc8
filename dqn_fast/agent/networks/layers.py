"""Linear and convolutional layers, and perceptrons, whose initial weights come from a generator alone.

Weights and biases are uniform in ±1/sqrt(fan-in), which is PyTorch's default for these layers. PyTorch's
global random state is neither read nor changed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

import torch
from torch import nn
from torch.nn.utils import skip_init

LayerT = TypeVar("LayerT", bound="nn.Linear | nn.Conv2d")


def make_linear(inputs: int, outputs: int, generator: torch.Generator) -> nn.Linear:
    """Return a linear layer, `(B, inputs)` to `(B, outputs)` float32."""
    linear: nn.Linear = skip_init(nn.Linear, inputs, outputs)  # type: ignore[no-untyped-call]
    return _initialised(linear, generator)


def make_conv(inputs: int, outputs: int, kernel: int, stride: int, generator: torch.Generator) -> nn.Conv2d:
    """Return a convolution without padding, `(B, inputs, H, W)` to `(B, outputs, ...)` float32."""
    conv: nn.Conv2d = skip_init(nn.Conv2d, inputs, outputs, kernel, stride)  # type: ignore[no-untyped-call]
    return _initialised(conv, generator)


def make_hidden(sizes: Sequence[int], generator: torch.Generator) -> nn.Sequential:
    """Return linear layers of the given sizes, each followed by a ReLU; no layer for one size.

    Args:
        sizes: inputs of the first layer, then outputs of each layer.
        generator: source of the initial weights.

    Raises:
        ValueError: if there is no size, or one below 1.
    """
    if len(sizes) < 1 or min(sizes) < 1:
        raise ValueError(f"sizes: got {tuple(sizes)}, expected at least one number, each at least 1")
    return nn.Sequential(
        *(layer for pair in pairwise(sizes) for layer in (make_linear(*pair, generator), nn.ReLU()))
    )


def make_mlp(sizes: Sequence[int], generator: torch.Generator) -> nn.Sequential:
    """Return linear layers of the given sizes, with a ReLU between each two.

    Args:
        sizes: inputs of the first layer, then outputs of each layer.
        generator: source of the initial weights.

    Raises:
        ValueError: if there are fewer than two sizes, or one is below 1.
    """
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"sizes: got {tuple(sizes)}, expected at least two numbers, each at least 1")
    return nn.Sequential(*list(make_hidden(sizes, generator))[:-1])


def _initialised(layer: LayerT, generator: torch.Generator) -> LayerT:
    bound = 1 / math.sqrt(layer.weight[0].numel())
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.uniform_(-bound, bound, generator=generator)
    return layer
