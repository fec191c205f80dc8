"""Embeddings: a learned vector for each of many numbers, such as places of a large grid, or tokens."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

_MOST_BYTES = 2**30  # of a table: every update reads and writes several of its size


class Embedding(nn.Module):
    """Turns integers into learned vectors, side by side: `(B, *shape)` to `(B, size)` float32.

    A first layer over one-hot vectors is the same function, but it multiplies by all the zeros.

    Args:
        counts: number of values of each integer.
        starts: smallest value of each integer.
        width: length of each vector.
        generator: source of the initial weights, which are normal, as PyTorch's.

    Raises:
        ValueError: if the table would be larger than 1 GiB.
    """

    shift: Tensor

    def __init__(
        self,
        counts: np.ndarray[Any, Any],
        starts: np.ndarray[Any, Any],
        width: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        counts, starts = counts.reshape(-1).astype(np.int64), starts.reshape(-1).astype(np.int64)
        rows = int(counts.sum())
        nbytes = 4 * rows * width
        if nbytes > _MOST_BYTES:
            raise ValueError(
                f"embedding: got {rows:,} vectors of {width:,} numbers, which take {nbytes:,} bytes, expected"
                f" at most {_MOST_BYTES:,}"
            )
        self.size = len(counts) * width
        self.weight = nn.Parameter(torch.empty(rows, width).normal_(generator=generator))
        # Row of value v of number i: v - start of i + sum of the counts before i.
        shift = np.cumsum(counts) - counts - starts
        self.register_buffer("shift", torch.from_numpy(shift), persistent=False)

    def forward(self, obs: Tensor) -> Tensor:
        """Return the vectors of each row of integers, `(B, size)` float32."""
        rows = obs.reshape(obs.shape[0], -1).long() + self.shift
        return nn.functional.embedding(rows, self.weight).flatten(1)
