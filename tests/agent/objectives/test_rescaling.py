"""Rescaled values are those of the paper's formula, and come back exactly."""

from __future__ import annotations

import math

import pytest
import torch

from dqn_fast.agent.objectives import NoRescaling, SquareRoot

VALUES = [-1e6, -250.0, -1.0, -1e-3, 0.0, 1e-9, 0.3, 5.0, 1e4, 1e8]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_square_root_and_its_inverse(dtype: torch.dtype) -> None:
    values = torch.tensor(VALUES, dtype=dtype)
    squeezed = SquareRoot().squeeze(values)
    expected = [math.copysign(math.sqrt(abs(x) + 1) - 1, x) + 1e-3 * x for x in VALUES]
    assert squeezed.tolist() == pytest.approx(expected, rel=1e-6, abs=1e-15)
    tolerance = 1e-5 if dtype == torch.float32 else 1e-14
    torch.testing.assert_close(SquareRoot().expand(squeezed), values, rtol=tolerance, atol=0)
    assert (squeezed.diff() > 0).all()


def test_none() -> None:
    values = torch.tensor(VALUES)
    assert NoRescaling().squeeze(values) is values
    assert NoRescaling().expand(values) is values
