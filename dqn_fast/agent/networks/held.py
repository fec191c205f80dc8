"""Modules that networks have in common, such as a pretrained body: who learns, saves and copies them.

A plain module belongs to its network: it learns, is saved, and a target network has a copy. `Shared` around a
module spares the copy, and `Frozen` all three.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn

from dqn_fast.errors import UsageError


class Held(nn.Module):
    """A module of somebody else's: its parameters are neither learned, nor saved, nor copied by the holder.

    Args:
        module: is called in its place; whoever owns it moves it to other devices.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self._module = (module,)  # a tuple hides it from `parameters` and `state_dict`

    def forward(self, *arguments: Any, **named: Any) -> Any:
        """Return what the module returns."""
        return self._module[0](*arguments, **named)

    def __deepcopy__(self, memo: dict[int, Any]) -> Held:
        other = copy.copy(self)
        other._buffers = dict(self._buffers)
        return other


class Frozen(Held):
    """A module whose weights stay as they are, so that all networks have the same one.

    Instead of the weights, their digest is saved. Weights of a network with another one are refused.

    Args:
        module: its parameters get no gradient any more. Others may hold it, too: on another device this is
            a copy.
    """

    digest: Tensor

    def __init__(self, module: nn.Module) -> None:
        super().__init__(module.requires_grad_(False).eval())
        self.register_buffer("digest", _digest(module))

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Frozen:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        (module,) = self._module
        if any(fn(one) is not one for one in islice(module.parameters(), 1)):  # not there already
            self._module = (copy.deepcopy(module)._apply(fn),)  # type: ignore[no-untyped-call]
        return self

    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, *rest: Any) -> None:
        saved = state.get(f"{prefix}digest")
        if isinstance(saved, Tensor) and not torch.equal(saved.cpu(), self.digest.cpu()):
            got, expected = (bytes(one.tolist()).hex()[:12] for one in (self.digest, saved))
            raise UsageError(
                f"body: got weights of the digest {got}, expected {expected}: those that it was trained with"
            )
        super()._load_from_state_dict(state, prefix, *rest)


class Shared(nn.Module):
    """A module that learns with its network, and that the target network reads, too.

    So the target is of heads alone, as that of ILQL (Snell et al., 2023).

    Args:
        module: is called in its place.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, *arguments: Any, **named: Any) -> Any:
        """Return what the module returns."""
        return self.module(*arguments, **named)


def shared_modules(net: nn.Module) -> Iterator[Shared]:
    """Give the modules of a network that its target reads, too."""
    return (module for module in net.modules() if isinstance(module, Shared))


def _digest(module: nn.Module) -> Tensor:
    """Return the SHA-256 of all weights and their names, `(32,)` uint8."""
    digest = hashlib.sha256()
    for name, value in module.state_dict().items():
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        digest.update(value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().data)
    return torch.tensor(list(digest.digest()), dtype=torch.uint8)
