"""The sum tree in NumPy, beside running sums."""

from __future__ import annotations

import numpy as np
import pytest
from contenders.numpy_tree import SumTree


@pytest.mark.parametrize("capacity", [1, 15, 16, 17, 300, 5000])
def test_it_finds_what_running_sums_find(capacity: int) -> None:
    rng = np.random.default_rng(0)
    tree, masses = SumTree(capacity), np.zeros(capacity)
    for _ in range(20):
        slots = rng.integers(capacity, size=50)
        new = rng.integers(0, 5, size=50).astype(float)  # whole numbers: every sum is exact
        tree.set(slots, new)
        masses[slots] = new
        one = int(rng.integers(capacity))
        tree.set_one(one, 3.0)
        masses[one] = 3.0
        assert tree.total() == masses.sum()
        targets = rng.integers(0, int(masses.sum()), size=200) + 0.5
        np.testing.assert_array_equal(tree.find(targets), np.searchsorted(masses.cumsum(), targets))
