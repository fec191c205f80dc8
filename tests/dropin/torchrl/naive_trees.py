"""Stand-ins for torchrl's compiled trees, which load beside one torch alone: arrays, summed anew each time.

With them torchrl's own sampler runs anywhere, and can be compared with ours.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torchrl.data.replay_buffers.samplers import prioritized


class Tree:
    """What torchrl's sampler asks of a tree."""

    neutral = 0.0

    def __init__(self, size: int) -> None:
        self.leaves = np.full(size, self.neutral, np.float32)

    def __getitem__(self, index: Any) -> Any:
        values = self.leaves[np.asarray(index)]
        return torch.from_numpy(values) if np.ndim(index) else float(values)

    def __setitem__(self, index: Any, value: Any) -> None:
        self.leaves[np.asarray(index)] = np.asarray(value)


class SumTree(Tree):
    def query(self, left: int, right: int) -> float:
        return float(self.leaves[left:right].sum())

    def scan_lower_bound(self, mass: Any) -> torch.Tensor:
        return torch.from_numpy(np.searchsorted(self.leaves.cumsum(), np.asarray(mass), side="right"))


class MinTree(Tree):
    neutral = float("inf")

    def query(self, left: int, right: int) -> float:
        return float(self.leaves[left:right].min())


@pytest.fixture
def theirs(monkeypatch: pytest.MonkeyPatch) -> type[prioritized.PrioritizedSampler]:
    """torchrl's own sampler, over these trees."""
    for precision in ("Fp32", "Fp64"):
        monkeypatch.setattr(prioritized, f"SumSegmentTree{precision}", SumTree)
        monkeypatch.setattr(prioritized, f"MinSegmentTree{precision}", MinTree)
    return prioritized.PrioritizedSampler
