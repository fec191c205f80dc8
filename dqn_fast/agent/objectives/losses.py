"""The arithmetic of Q-learning, as pure functions of tensors of any floating dtype.

B is the batch size, and A the number of actions. A row is one decision: of a batch, or a cell of a sequence.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

#: Takes td_error = target - q, `(B,)`; returns the loss of each sample and its derivative by q, `(B,)` each.
Loss = Callable[[Tensor], tuple[Tensor, Tensor]]


def chosen(q: Tensor, action: Tensor) -> Tensor:
    """Return the value of the action taken, `(B,)`, from `q` `(B, A)` and `action` `(B,)` int64.

    `q` of one column has the values of these actions alone (see `QNetwork.at`).
    """
    return q.squeeze(1) if q.shape[1] == 1 else q.gather(1, action.unsqueeze(1)).squeeze(1)


def at_action(slope: Tensor, action: Tensor, like: Tensor) -> Tensor:
    """Return `slope`, `(B,)`, at the action taken, and 0 elsewhere, in the shape and dtype of `like`.

    `like` is `(B, A)`, or `(B, 1)` for these actions alone.
    """
    if like.shape[1] == 1:
        return slope.to(like.dtype).unsqueeze(1)
    return torch.zeros_like(like).scatter_(1, action.unsqueeze(1), slope.unsqueeze(1))


def td_target(
    reward: Tensor, discount: Tensor, next_value: Tensor, bootstraps: Tensor | None = None
) -> Tensor:
    """Return the Bellman target, `(B,)`: reward + discount * next_value, and reward where discount is 0.

    `next_value` is ignored where discount is 0: 0 times a NaN or an infinity would be NaN.

    Args:
        reward: n-step sum of rewards, `(B,)`.
        discount: gamma ** k for the k steps really taken, 0 where the last of them terminated, `(B,)`. A
            truncated row keeps its discount, so it bootstraps from the true last observation.
        next_value: value of the observation after these steps, `(B,)`.
        bootstraps: where `discount` is not 0, `(B,)` bool, if the caller has it.
    """
    if bootstraps is None:
        bootstraps = discount.bool()
    return torch.where(bootstraps, torch.addcmul(reward, discount, next_value), reward)


def squared_error(td_error: Tensor) -> tuple[Tensor, Tensor]:
    """Return td_error² of each sample, `(B,)`, and its derivative by q."""
    return td_error.square(), td_error * -2.0


def huber(td_error: Tensor, delta: float = 1.0) -> tuple[Tensor, Tensor]:
    """Return the Huber loss (1964) of each sample, `(B,)`, and its derivative by q.

    td_error² / 2 where |td_error| is at most `delta`, and beyond it the tangent:
    delta · (|td_error| - delta / 2).

    Args:
        td_error: target - q, `(B,)`.
        delta: where the parabola turns into a line, above 0.
    """
    clipped = td_error.clamp(-delta, delta)
    return torch.sub(td_error, clipped, alpha=0.5).mul_(clipped), clipped.neg_()


def mixed_priority(td_error: Tensor, row: Tensor, largest_share: float = 0.9) -> Tensor:
    """Return a priority for each sequence: share · max |TD error| + (1 - share) · mean |TD error| (R2D2).

    Args:
        td_error: of K cells, `(K,)`.
        row: sequence of each cell, `(K,)` int64; each of 0 ... B - 1 has a cell.
        largest_share: from 0 to 1; eta in Kapturowski et al. (2019).

    Returns:
        `(B,)`.
    """
    size, count = td_error.abs(), row.bincount()
    largest = size.new_zeros(len(count)).scatter_reduce_(0, row, size, "amax")
    mean = size.new_zeros(len(count)).index_add_(0, row, size) / count
    return largest_share * largest + (1 - largest_share) * mean


def expectile_loss(difference: Tensor, expectile: float) -> tuple[Tensor, Tensor]:
    """Return |expectile - [difference < 0]| · difference² of each row, `(B,)`, and its derivative by v.

    Its minimum over v is an expectile of the targets: their mean at 0.5, and near their maximum as
    `expectile` nears 1 (Kostrikov et al., 2022, equation 5).

    Args:
        difference: target - v, `(B,)`.
        expectile: above 0 and below 1.
    """
    weighted = (expectile - (difference < 0).to(difference.dtype)).abs() * difference
    return weighted * difference, weighted * -2.0


def cross_entropy(logits: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
    """Return -log softmax(logits)[action] of each row, `(B,)`, and its gradient by the logits, `(B, A)`.

    For a policy's logits this is behaviour cloning. For action values it is logsumexp(q) - q[action], the
    term of conservative Q-learning, which lowers the values of the other actions.
    """
    log_p = functional.log_softmax(logits, 1)
    taken = at_action(torch.ones_like(log_p[:, 0]), action, log_p)
    return chosen(log_p, action).neg_(), log_p.exp().sub_(taken)
