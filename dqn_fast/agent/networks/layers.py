"""Layers whose initial weights come from a generator alone: linear, convolutional, and perceptrons.

Weights and biases are uniform in ±1/sqrt(fan-in), which is PyTorch's own default for these layers. The global
random state is neither read nor changed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
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
    """Return linear layers of the given sizes, each with a ReLU behind it; none for one size.

    Args:
        sizes: inputs of the first layer, then outputs of each layer.
        generator: source of the initial weights.

    Raises:
        ValueError: no size, or one below 1.
    """
    if len(sizes) < 1 or min(sizes) < 1:
        raise ValueError(f"sizes is {tuple(sizes)}, expected at least one number, each at least 1")
    return nn.Sequential(
        *(layer for pair in pairwise(sizes) for layer in (make_linear(*pair, generator), nn.ReLU()))
    )


def make_mlp(sizes: Sequence[int], generator: torch.Generator) -> nn.Sequential:
    """Return linear layers of the given sizes with ReLU between them, and none behind the last.

    Args:
        sizes: inputs of the first layer, then outputs of each layer.
        generator: source of the initial weights.

    Raises:
        ValueError: fewer than two sizes, or one below 1.
    """
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"sizes is {tuple(sizes)}, expected at least two numbers, each at least 1")
    return nn.Sequential(*list(make_hidden(sizes, generator))[:-1])


class UnknownModuleError(TypeError):
    """A module that there is no form of here, other than PyTorch's own."""


def require_no_hooks(net: nn.Module) -> None:
    """See that nothing but its modules decides what a network computes.

    Raises:
        UnknownModuleError: a module has hooks, which only PyTorch calls.
    """
    for name, module in net.named_modules():
        if any(
            hooks for kind, hooks in vars(module).items() if kind.endswith("_hooks") and "state" not in kind
        ):
            raise UnknownModuleError(f"{name or type(module).__name__} has hooks")


def linear_layers(module: nn.Module) -> Iterator[tuple[nn.Linear, bool]]:
    """Give the linear layers of one, or of a sequence of them and ReLU, and whether ReLU is behind each.

    Exact types are asked for, because a subclass may compute something else.

    Raises:
        UnknownModuleError: another module is in it, or a layer without bias.
    """
    parts = list(module) if type(module) is nn.Sequential else [module]
    for index, part in enumerate(parts):
        if type(part) is nn.Linear and part.bias is not None:
            yield part, index + 1 < len(parts) and type(parts[index + 1]) is nn.ReLU
        elif type(part) is not nn.ReLU or index == 0 or type(parts[index - 1]) is not nn.Linear:
            raise UnknownModuleError(type(part).__name__)


def _initialised(layer: LayerT, generator: torch.Generator) -> LayerT:
    bound = 1 / math.sqrt(layer.weight[0].numel())
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.uniform_(-bound, bound, generator=generator)
    return layer
