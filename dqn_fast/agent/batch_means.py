"""What the agent reports of a batch."""

from __future__ import annotations

import torch
from torch import Tensor


class BatchMeans:
    """Computes the weighted mean of a batch's losses, and the mean of its values.

    The sums go to memory that NumPy reads, which spares two calls of `Tensor.item`.

    Args:
        dtype: of the tensors.
    """

    def __init__(self, dtype: torch.dtype = torch.float32) -> None:
        sums = torch.zeros(2, dtype=dtype)
        self._sums = sums.numpy()
        self._loss, self._q = sums.unbind()

    def __call__(self, loss: Tensor, weights: Tensor, q: Tensor) -> tuple[float, float]:
        """Return both means.

        The weights multiply each sample's loss, not its td_error, and the sum is divided by B, not by the sum
        of weights (Schaul et al., 2016).

        Args:
            loss: loss of each sample, `(B,)`.
            weights: importance weight of each sample, `(B,)`; ones for uniform replay.
            q: value of each sample, `(B,)`.
        """
        torch.dot(loss, weights, out=self._loss)
        torch.sum(q, 0, out=self._q)
        loss_sum, q_sum = self._sums.tolist()
        rows = loss.shape[0]  # quicker than `len`
        return loss_sum / rows, q_sum / rows
