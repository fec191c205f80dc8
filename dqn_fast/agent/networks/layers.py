"""Linear and convolutional layers, and perceptrons, whose initial weights come from a generator alone.

Weights and biases are uniform in ±1/sqrt(fan-in), which is PyTorch's default for these layers. PyTorch's
global random state is neither read nor changed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeVar

import torch
from torch import nn

LayerT = TypeVar("LayerT", bound=nn.Module)


def make_linear(inputs: int, outputs: int, generator: torch.Generator) -> nn.Linear:
    """Return a linear layer, `(B, inputs)` to `(B, outputs)` float32."""
    return draw_weights(lambda: nn.Linear(inputs, outputs), inputs, generator)


def make_conv(inputs: int, outputs: int, kernel: int, stride: int, generator: torch.Generator) -> nn.Conv2d:
    """Return a convolution without padding, `(B, inputs, H, W)` to `(B, outputs, ...)` float32."""
    return draw_weights(lambda: nn.Conv2d(inputs, outputs, kernel, stride), inputs * kernel**2, generator)


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


def draw_weights(make: Callable[[], LayerT], fan_in: int, generator: torch.Generator) -> LayerT:
    """Return a new layer whose parameters are uniform in ±1/sqrt(fan_in).

    PyTorch's own way to leave out its initial weights is the device "meta", whose first use imports SymPy:
    that takes as long as to import PyTorch.
    """
    with torch.random.fork_rng(devices=[]):
        layer = make()
    bound = 1 / math.sqrt(fan_in)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.uniform_(-bound, bound, generator=generator)
    return layer
