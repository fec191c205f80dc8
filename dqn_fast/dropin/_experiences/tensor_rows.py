"""Rows of a batch that stand for tensors, so that a tensor is made only of what is joined from them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from dqn_fast._core import LazyRow


def tensor_rows(
    values: np.ndarray[Any, Any], device: torch.device | None = None, dtype: torch.dtype | None = None
) -> list[Any]:
    """Return a list of B `TensorRow`s over the rows of a column.

    Args:
        values: the column, `(B, ...)`.
        device: where the tensors are made; None for the CPU.
        dtype: of the tensors; None for that of the column.
    """
    return TensorRow.rows_of(_Column(values, device, dtype), len(values))


class TensorRow(LazyRow):
    """One row of a batch, which PyTorch takes as the tensor that it stands for.

    Making hundreds of tensors takes longer than drawing them, and their only use is to be joined again. So a
    row has the tensor's attributes, methods and operators, and every function of PyTorch accepts it (through
    `__torch_function__`), but it becomes a tensor only when it is used. Three things differ from a tensor:
    `isinstance(row, torch.Tensor)` is False, `torch.FloatTensor(row)` is an error, and `torch.tensor` of a
    list of rows needs a dtype.
    """

    __slots__ = ()

    def tensor(self) -> torch.Tensor:
        """Return the tensor that it stands for, over the batch's memory if it is on the CPU."""
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
        return func(*_tensors(args), **_tensors(kwargs or {}))


def _operator(name: str) -> Any:
    def operator(self: TensorRow, *args: Any) -> Any:
        return getattr(self.tensor(), name)(*_tensors(args))

    return operator


for _name in (
    *("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor"),
    *("radd", "rsub", "rmul", "rtruediv", "rfloordiv", "rmod", "rpow", "rmatmul", "rand", "ror", "rxor"),
    *("eq", "ne", "lt", "le", "gt", "ge", "neg", "pos", "abs", "invert", "bool", "int", "float", "index"),
    *("len", "iter", "setitem", "contains", "repr", "format"),
):
    setattr(TensorRow, f"__{_name}__", _operator(f"__{_name}__"))
TensorRow.__hash__ = object.__hash__  # type: ignore[method-assign]  # by identity, like tensors


def _tensors(value: Any) -> Any:
    """Return an argument with a tensor for each `TensorRow`, in nested lists, tuples and dicts, too."""
    kind = type(value)
    if kind is TensorRow:
        return value.tensor()
    if kind is list or kind is tuple:
        return kind(map(_tensors, value))
    return {key: _tensors(child) for key, child in value.items()} if kind is dict else value


# For a function that joins tensors, what does the same to an array of rows.
_JOINS: dict[Any, Any] = {
    torch.cat: lambda rows: rows.reshape(-1, *rows.shape[2:]),
    torch.stack: lambda rows: rows,
}


def _joined(join: Any, parts: Any) -> torch.Tensor | None:
    """Return rows of one column joined in a single copy; None if `parts` are anything else."""
    found = TensorRow.numbers(parts)
    if found is None:
        return None
    column, numbers = found
    if join is torch.cat and column.values.ndim < 2:
        return None
    tensor: torch.Tensor = column.tensor(_JOINS[join](column.values.take(numbers, 0)))
    return tensor


class _Column:
    """The values of a field in a batch, (B, ...), and the device and dtype of their tensors."""

    __slots__ = ("device", "dtype", "values")

    def __init__(
        self, values: np.ndarray[Any, Any], device: torch.device | None, dtype: torch.dtype | None
    ) -> None:
        self.values, self.device, self.dtype = values, device, dtype

    def tensor(self, values: np.ndarray[Any, Any]) -> torch.Tensor:
        """Return some of the values as a tensor."""
        tensor = torch.from_numpy(values)
        is_same = self.device is None and self.dtype is None
        return tensor if is_same else tensor.to(self.device, self.dtype)
