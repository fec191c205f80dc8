"""Rows of a batch that stand for tensors, so that only what is joined of them has to be made."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.utils._pytree import tree_map

from dqn_fast._core import Row


def tensor_rows(values: np.ndarray[Any, Any], device: torch.device | None = None) -> list[Any]:
    """The rows of a column of a batch, `(B, ...)`: B of `TensorRow`, over the same memory.

    Args:
        values: the column.
        device: where their tensors are; None is this processor's memory.
    """
    return TensorRow.rows_of(_Column(values, device), len(values))


class TensorRow(Row):
    """One row of a batch, which torch takes as the tensor that it stands for.

    It has the tensor's attributes, methods and operators, and every function of torch accepts it (through
    `__torch_function__`). Only `isinstance(row, torch.Tensor)` is False, `torch.FloatTensor(row)` an error,
    and `torch.tensor` of a list of rows must be told the dtype: making hundreds of tensors takes longer than
    drawing them, and their only use is to be joined again.
    """

    __slots__ = ()

    def tensor(self) -> torch.Tensor:
        """The tensor that it stands for, over the batch's memory if that is on the CPU."""
        column: _Column = self.column
        return column.tensor(column.values[self.number, ...])

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tensor(), name)

    def __reduce__(self) -> tuple[Any, ...]:
        return torch.Tensor.clone, (self.tensor().clone(),)

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in _JOINS and len(args) == 1 and not kwargs:
            joined = _joined(func, args[0])
            if joined is not None:
                return joined
        args, kwargs = tree_map(_tensor, (args, kwargs or {}))
        return func(*args, **kwargs)


def _operator(name: str) -> Any:
    def operator(self: TensorRow, *args: Any) -> Any:
        return getattr(self.tensor(), name)(*(_tensor(arg) for arg in args))

    return operator


for _name in (
    *("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor"),
    *("radd", "rsub", "rmul", "rtruediv", "rfloordiv", "rmod", "rpow", "rmatmul", "rand", "ror", "rxor"),
    *("eq", "ne", "lt", "le", "gt", "ge", "neg", "pos", "abs", "invert", "bool", "int", "float", "index"),
    *("len", "iter", "setitem", "contains", "repr", "format"),
):
    setattr(TensorRow, f"__{_name}__", _operator(f"__{_name}__"))
TensorRow.__hash__ = object.__hash__  # type: ignore[method-assign]  # by identity, as that of tensors


def _tensor(value: Any) -> Any:
    return value.tensor() if type(value) is TensorRow else value


# What makes of rows in an array what such a function makes of a tensor of each.
_JOINS: dict[Any, Any] = {
    torch.cat: lambda rows: rows.reshape(-1, *rows.shape[2:]),
    torch.stack: lambda rows: rows,
}


def _joined(join: Any, parts: Any) -> torch.Tensor | None:
    """Rows of one column joined, copied at once; None if they are anything else."""
    found = TensorRow.numbers(parts)
    if found is None:
        return None
    column, numbers = found
    if join is torch.cat and column.values.ndim < 2:
        return None
    tensor: torch.Tensor = column.tensor(_JOINS[join](column.values.take(numbers, 0)))
    return tensor


class _Column:
    """The values of a field in a batch of B transitions, (B, ...), and the device to take them to."""

    __slots__ = ("device", "values")

    def __init__(self, values: np.ndarray[Any, Any], device: torch.device | None) -> None:
        self.values, self.device = values, device

    def tensor(self, values: np.ndarray[Any, Any]) -> torch.Tensor:
        """Some of them as a tensor."""
        tensor = torch.from_numpy(values)
        return tensor if self.device is None else tensor.to(self.device)
