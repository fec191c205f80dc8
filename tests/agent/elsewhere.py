"""A device for tests: PyTorch's "meta" device, but with numbers.

Neither NumPy nor an operation with a tensor of the CPU can reach a tensor there: both raise, as with a GPU.
The numbers are computed on the CPU, by the same kernels.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

ELSEWHERE = torch.device("meta")

_COPIES = ("aten::copy_", "aten::_to_copy")


class Elsewhere(TorchDispatchMode):
    """Within it the device has numbers.

    Attributes:
        waits: numbers that the CPU asked for, each of which waits for all work of the device.
        fetched: tensors that were copied from the device to the CPU, which waits, too.
    """

    def __init__(self) -> None:
        super().__init__()
        self.waits = self.fetched = 0
        self._numbers: dict[int, Tensor] = {}  # by the address of a storage

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        schema = func._schema
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        is_there = any(tensor.device == ELSEWHERE for tensor in tensors)
        goal = kwargs.get("device")
        goes_there = is_there if goal is None else torch.device(goal) == ELSEWHERE
        if not is_there and not goes_there:
            return func(*args, **kwargs)
        is_copy = schema.name in _COPIES
        if is_there and not is_copy and any(one.device != ELSEWHERE and one.dim() for one in tensors):
            raise RuntimeError(f"{schema.name}: got tensors here and elsewhere, expected one device")
        if torch.Tag.inplace_view in func.tags or any(_reads(value) for value in schema.returns):
            return func(*args, **kwargs)  # a view: its storage is known
        self.waits += schema.name == "aten::_local_scalar_dense"
        if is_copy and (args[0].device != ELSEWHERE if schema.name == _COPIES[0] else not goes_there):
            self.fetched += 1
        if goal is not None:
            kwargs["device"] = torch.device("cpu")
        found = func(*tree_map(self._real, args), **tree_map(self._real, kwargs))
        if not isinstance(found, tuple | list):
            return self._result(found, 0, schema, args, kwargs, goes_there)
        results = (self._result(one, at, schema, args, kwargs, goes_there) for at, one in enumerate(found))
        return type(found)(results)

    def _result(self, found: Any, at: int, schema: Any, args: Any, kwargs: Any, goes_there: bool) -> Any:
        if not isinstance(found, Tensor):
            return found
        declared = schema.returns[min(at, len(schema.returns) - 1)].alias_info
        if declared is None:
            return self._made(found) if goes_there else found
        for place, argument in enumerate(schema.arguments):  # one that was changed
            if argument.alias_info is not None and argument.alias_info.before_set == declared.before_set:
                return kwargs[argument.name] if argument.name in kwargs else args[place]
        raise RuntimeError(f"{schema.name}: got a result of none of the arguments, expected one of them")

    def _made(self, real: Tensor) -> Tensor:
        made = torch.ops.aten.empty_strided.default(
            real.size(), real.stride(), dtype=real.dtype, device=ELSEWHERE
        )
        self._numbers[made.untyped_storage()._cdata] = real
        return made

    def _real(self, value: Any) -> Any:
        if not isinstance(value, Tensor) or value.device != ELSEWHERE:
            return value
        real = self._numbers[value.untyped_storage()._cdata]
        offset = real.storage_offset() + value.storage_offset()
        return real.detach().as_strided(value.size(), value.stride(), offset)


def _reads(value: Any) -> bool:
    return value.alias_info is not None and not value.alias_info.is_write
