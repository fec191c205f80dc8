"""Which modules have a counterpart here: a fast way knows them by their exact type, and refuses others."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from dqn_fast.agent.fast.torch_private import may_have_hooks


class UnknownModuleError(TypeError):
    """A module without a fast counterpart: PyTorch has to run it."""


def require_no_hooks(net: nn.Module) -> None:
    """See that nothing but its modules decides what a network computes.

    Raises:
        UnknownModuleError: if a module has hooks, which only PyTorch calls.
    """
    for name, module in net.named_modules():
        if may_have_hooks(module):
            raise UnknownModuleError(f"{name or type(module).__name__}: got hooks, expected none")


def linear_layers(module: nn.Module) -> Iterator[tuple[nn.Linear, bool]]:
    """Give the linear layers of one, or of a sequence of them and ReLU, and whether ReLU is behind each.

    Exact types are asked for, because a subclass may compute something else.

    Raises:
        UnknownModuleError: if another module is in it, or a layer without bias.
    """
    parts = list(module) if type(module) is nn.Sequential else [module]
    for index, part in enumerate(parts):
        if type(part) is nn.Linear and part.bias is not None:
            yield part, index + 1 < len(parts) and type(parts[index + 1]) is nn.ReLU
        elif type(part) is not nn.ReLU or index == 0 or type(parts[index - 1]) is not nn.Linear:
            raise UnknownModuleError(
                f"module: got {type(part).__name__}, expected Linear with a bias, and ReLU behind it"
            )
