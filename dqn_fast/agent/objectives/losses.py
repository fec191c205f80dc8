"""The arithmetic of Q-learning as pure functions of tensors.

Names: B is the batch size, A the number of actions. Every function works on any floating dtype.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

#: From td_error = target - q of each sample, `(B,)`, to its loss and the loss's slope, its derivative by q.
Loss = Callable[[Tensor], tuple[Tensor, Tensor]]


def chosen(q: Tensor, action: Tensor) -> Tensor:
    """Return the value of the action taken, `(B,)`, from `q` `(B, A)` and `action` `(B,)` int64."""
    return q.gather(1, action.unsqueeze(1)).squeeze(1)


def max_bootstrap(next_q_target: Tensor) -> Tensor:
    """Return the bootstrap of Q-learning, `(B,)`: the target network's largest value (Mnih et al., 2015).

    Args:
        next_q_target: target network's values of the next observations, `(B, A)`.
    """
    return next_q_target.amax(1)


def double_bootstrap(next_q_online: Tensor, next_q_target: Tensor) -> Tensor:
    """Return the bootstrap of Double DQN, `(B,)` (van Hasselt et al., 2016).

    The online network chooses the action (the first, if several are best) and the target network values it.

    Args:
        next_q_online: online network's values of the next observations, `(B, A)`.
        next_q_target: target network's values of them, `(B, A)`.
    """
    return chosen(next_q_target, next_q_online.argmax(1))


def td_target(reward: Tensor, discount: Tensor, bootstrap: Tensor) -> Tensor:
    """Return the Bellman target, `(B,)`: reward + discount * bootstrap.

    Args:
        reward: n-step sum of rewards, `(B,)`.
        discount: gamma ** k for the k steps really taken, 0 where the last of them terminated, `(B,)`. A
            truncated row keeps its discount, so it bootstraps from the true last observation.
        bootstrap: value of the observation that the rewards lead to, `(B,)`.
    """
    return torch.addcmul(reward, discount, bootstrap)


def squared_error(td_error: Tensor) -> tuple[Tensor, Tensor]:
    """Return td_error² of each sample, `(B,)`, whose mean is the mean squared error; and its slope."""
    return td_error.square(), td_error * -2.0


def huber(td_error: Tensor, delta: float = 1.0) -> tuple[Tensor, Tensor]:
    """Return the Huber loss of each sample, `(B,)` (Huber, 1964), and its slope.

    td_error² / 2 where |td_error| is at most `delta`, and beyond it the tangent:
    delta · (|td_error| - delta / 2).

    Args:
        td_error: target - q, `(B,)`.
        delta: where the parabola turns into a line, above 0.
    """
    clipped = td_error.clamp(-delta, delta)
    return torch.sub(td_error, clipped, alpha=0.5).mul_(clipped), clipped.neg_()


class BatchMeans:
    """What is told of a batch: the weighted mean of its losses, and the mean of its values.

    They are summed into memory that NumPy reads: two means and two `item()` would take three times as long.

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
        return loss_sum / len(loss), q_sum / len(loss)
