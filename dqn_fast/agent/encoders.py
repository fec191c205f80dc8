"""Encoders: from a batch of observations of a space to one float32 row per observation."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor, nn


class FlattenEncoder(nn.Module):
    """Numbers as they are: `(batch, *shape)` of any dtype to `(batch, size)` float32."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, obs: Tensor) -> Tensor:
        """Return `obs` as `(batch, size)` float32."""
        return obs.reshape(obs.shape[0], self.size).float()


class OneHotEncoder(nn.Module):
    """Whole numbers as one-hot vectors, side by side: `(batch, *shape)` int to `(batch, size)` float32.

    Args:
        counts: how many values each number can take.
        starts: the smallest value of each number.
    """

    shift: Tensor

    def __init__(self, counts: np.ndarray[Any, Any], starts: np.ndarray[Any, Any]) -> None:
        super().__init__()
        counts, starts = counts.reshape(-1).astype(np.int64), starts.reshape(-1).astype(np.int64)
        self.size = int(counts.sum())
        # Column of value v of number i: v - start of i + sum of the counts before i.
        shift = np.cumsum(counts) - counts - starts
        self.register_buffer("shift", torch.from_numpy(shift), persistent=False)

    def forward(self, obs: Tensor) -> Tensor:
        """Return `obs` as `(batch, size)` float32 of zeros and ones."""
        columns = obs.reshape(obs.shape[0], -1).long() + self.shift
        return torch.zeros(obs.shape[0], self.size).scatter_(1, columns, 1.0)


def make_encoder(space: spaces.Space[Any]) -> FlattenEncoder | OneHotEncoder:
    """Return the encoder for an observation space: Box, MultiBinary, Discrete or MultiDiscrete.

    Raises:
        TypeError: no encoder is known for the space.
    """
    if isinstance(space, spaces.Box | spaces.MultiBinary):
        return FlattenEncoder(int(np.prod(space.shape)))
    if isinstance(space, spaces.Discrete):
        return OneHotEncoder(np.array([space.n]), np.array([space.start]))
    if isinstance(space, spaces.MultiDiscrete):
        return OneHotEncoder(space.nvec, space.start)
    raise TypeError(f"the observation space is {space}, expected Box, MultiBinary, Discrete or MultiDiscrete")
