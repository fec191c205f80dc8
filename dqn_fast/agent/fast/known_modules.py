"""Modules that have a fast counterpart: known by their exact type, since a subclass may differ."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from dqn_fast.agent.fast.torch_private import may_have_hooks


class UnknownModuleError(TypeError):
    """A module without a fast counterpart: PyTorch has to run it."""


def require_no_hooks(net: nn.Module) -> None:
    """Refuse hooks, which only PyTorch calls.

    Raises:
        UnknownModuleError: if a module of the network has one.
    """
    for name, module in net.named_modules():
        if may_have_hooks(module):
            raise UnknownModuleError(f"{name or type(module).__name__}: got hooks, expected none")


def linear_layers(module: nn.Module) -> Iterator[tuple[nn.Linear, bool]]:
    """Give each linear layer of a module, and whether a ReLU follows it.

    Args:
        module: a linear layer, or a sequence of linear layers and ReLU.

    Raises:
        UnknownModuleError: if it has another module, or a layer without bias.
    """
    parts = list(module) if type(module) is nn.Sequential else [module]
    for index, part in enumerate(parts):
        if type(part) is nn.Linear and part.bias is not None:
            yield part, index + 1 < len(parts) and type(parts[index + 1]) is nn.ReLU
        elif type(part) is not nn.ReLU or index == 0 or type(parts[index - 1]) is not nn.Linear:
            raise UnknownModuleError(
                f"module: got {type(part).__name__}, expected Linear with a bias, or ReLU after it"
            )
