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


def best(q: Tensor, selector: Tensor) -> Tensor:
    """Return the value, `(B,)`, of the action that a selector values most; the first, if several are.

    Args:
        q: values that are followed, `(B, A)`.
        selector: values that pick the action, `(B, A)`.
    """
    if selector is q:
        return q.amax(1)  # the same, by one call for three
    return chosen(q, selector.argmax(1))


def td_target(reward: Tensor, discount: Tensor, next_value: Tensor) -> Tensor:
    """Return the Bellman target, `(B,)`: reward + discount * next_value, and reward where discount is 0.

    What follows an end is not looked at: 0 times a NaN or an infinity would be NaN.

    Args:
        reward: n-step sum of rewards, `(B,)`.
        discount: gamma ** k for the k steps really taken, 0 where the last of them terminated, `(B,)`. A
            truncated row keeps its discount, so it bootstraps from the true last observation.
        next_value: of the observation that the rewards lead to, `(B,)`.
    """
    return torch.where(discount.bool(), torch.addcmul(reward, discount, next_value), reward)


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
