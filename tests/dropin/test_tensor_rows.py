"""Rows that stand for tensors, against a list of the tensors themselves."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dqn_fast._core import LazyRow
from dqn_fast.dropin._experiences.tensor_rows import TensorRow, tensor_rows

SHAPES: tuple[tuple[int, ...], ...] = ((3, 1, 2), (3, 2), (3, 1), (3, 1, 1), (3,), (3, 4, 1, 2), (3, 0))

# What code does with the tensors of a batch.
USES: dict[str, Callable[[Any], Any]] = {
    "cat": torch.cat,
    "stack": torch.stack,
    "of a tuple": lambda rows: torch.cat(tuple(rows)),
    "of a part, reversed and repeated": lambda rows: torch.cat([rows[2], rows[1], rows[1]]),
    "with a tensor among them": lambda rows: torch.stack([*rows, rows[0] * 1]),
    "along another axis": lambda rows: torch.cat(rows, 1),
    "by name": lambda rows: torch.stack(rows, dim=-1),
    "concat": torch.concat,
    "vstack": torch.vstack,
    "out": lambda rows: torch.stack(rows, out=torch.empty(0)),
    "FloatTensor": torch.FloatTensor,
    "tensor of a dtype": lambda rows: torch.tensor(rows, dtype=torch.float64),
    "pad": lambda rows: torch.nn.utils.rnn.pad_sequence(rows),
    "numpy": np.array,
    "numpy.stack": np.stack,
    "sum": sum,
    "tolist": lambda rows: [row.tolist() for row in rows],
    "float": lambda rows: [float(row) for row in rows],
    "item": lambda rows: [row.item() for row in rows],
    "to": lambda rows: torch.stack([row.to(torch.float64) for row in rows]),
    "unsqueeze": lambda rows: torch.cat([row.unsqueeze(0) for row in rows]),
    "index": lambda rows: torch.arange(30)[rows[0].long()],
    "first": lambda rows: [row[0] for row in rows],
    "slice": lambda rows: torch.stack([row[..., :1] for row in rows]),
    "iterated": lambda rows: [list(row) for row in rows],
    "len": lambda rows: list(map(len, rows)),
    "where": lambda rows: torch.where(rows[0] > 1, rows[0], rows[1]),
    "compared": lambda rows: torch.stack([row == row for row in rows]),
    "linear": lambda rows: torch.nn.functional.linear(rows[1], torch.ones(1, 2)),
    "dlpack": lambda rows: torch.from_dlpack(rows[2]),
    "none": lambda rows: torch.cat(rows[:0]),
}


def outcome(use: Callable[[Any], Any], rows: Any) -> Any:
    """Return what a use gives, or the class of the error that it raises."""
    try:
        result = use(rows)
    except (IndexError, RuntimeError, TypeError, ValueError) as error:
        return type(error)
    if isinstance(result, list):
        return [
            torch.as_tensor(each).tolist() if not isinstance(each, list) else str(each) for each in result
        ]
    return type(result), result.dtype, result.shape, result.tolist()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("use", USES)
def test_rows_are_used_as_their_tensors_are(use: str, shape: tuple[int, ...]) -> None:
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    tensors = list(torch.from_numpy(values.copy()).unbind())
    assert outcome(USES[use], tensor_rows(values)) == outcome(USES[use], tensors)


def test_a_list_of_rows_is_no_matrix_of_numbers() -> None:
    # Like tensors, rows are no sequences: torch.tensor of tensors with one number each is a vector.
    rows = tensor_rows(np.ones((3, 1), np.float32))
    assert torch.tensor(rows, dtype=torch.float32).shape == (3,)
    with pytest.raises(RuntimeError, match="Could not infer dtype of TensorRow"):
        torch.tensor(rows)


@given(data=st.data(), shape=st.sampled_from([(6,), (6, 1), (6, 2, 3)]))
def test_whatever_is_joined_is_what_was_joined_of_the_tensors(data: st.DataObject, shape: Any) -> None:
    values = [np.random.default_rng(seed).integers(0, 9, shape) for seed in range(2)]
    rows = [row for column in values for row in tensor_rows(column)]
    tensors = [tensor for column in values for tensor in torch.from_numpy(column.copy()).unbind()]
    for _ in range(4):
        first, last = data.draw(st.sampled_from([(0, 5), (6, 11), (0, 11)]))
        picked = data.draw(st.lists(st.integers(first, last), min_size=1, max_size=8))
        for join in (torch.stack, torch.cat) if len(shape) > 1 else (torch.stack,):
            joined = join([rows[at] for at in picked])
            assert torch.equal(joined, join([tensors[at] for at in picked]))
            joined.zero_()  # it is a copy
        changed = data.draw(st.integers(0, 11))
        rows[changed].add_(1)
        tensors[changed].add_(1)


def test_rows_hold_their_column_and_nothing_else() -> None:
    class Column:
        pass

    column = Column()
    dead, count = weakref.ref(column), sys.getrefcount(TensorRow)
    rows = TensorRow.rows_of(column, 5)
    assert [row.number for row in rows] == list(range(5)) and all(row.column is column for row in rows)
    found = TensorRow.numbers(rows[3:])
    assert found is not None and found[0] is column and found[1].tolist() == [3, 4]
    del column, found
    last = rows.pop()
    del rows
    gc.collect()
    assert dead() is not None and last.number == 4
    del last
    assert dead() is None and sys.getrefcount(TensorRow) == count


def test_rows_of_several_columns_or_none_have_no_numbers() -> None:
    one, other = (TensorRow.rows_of(object(), 2) for _ in range(2))
    for rows in (
        [],
        [one[0], other[0]],
        [one[0], 5],
        [5, one[0]],
        None,
        iter(one),
        LazyRow.rows_of(one[0].column, 2),
    ):
        assert TensorRow.numbers(rows) is None
    with pytest.raises(TypeError):
        TensorRow()
    for arguments in ((None,), (None, -1), (None, "2"), (None, 1, 2)):
        with pytest.raises(TypeError):
            LazyRow.rows_of(*arguments)
    with pytest.raises(AttributeError):
        LazyRow.rows_of(None, 1)[0][0]
