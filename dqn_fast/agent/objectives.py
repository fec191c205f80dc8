"""Objectives: what the Q-network is asked to become, as a loss of each sampled transition.

The agent knows nothing of how values are represented: another representation (C51, quantiles) or another
target (Munchausen) is another objective, beside a head of the network that fits it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from dqn_fast.agent.bootstrap import Bootstrap
from dqn_fast.agent.losses import chosen, td_target
from dqn_fast.agent.networks import QNetwork


class TransitionBatch(Protocol):
    """The fields of a batch that the agent reads, as tensors; `dqn_fast.Batch` has them."""

    obs: Any
    action: Any
    reward: Any
    next_obs: Any
    discount: Any
    weights: Any


class Estimates(NamedTuple):
    """What an objective finds in a batch of B transitions.

    Attributes:
        loss: of each transition, `(B,)`, with a gradient.
        td_error: target - q of each, `(B,)`, without.
        q: value of each action taken, `(B,)`, without.
    """

    loss: Tensor
    td_error: Tensor
    q: Tensor


class Objective(Protocol):
    """A rule that compares the Q-network with what it should say."""

    def __call__(self, q_net: QNetwork, target_net: QNetwork, batch: TransitionBatch) -> Estimates:
        """Return the loss of each transition of `batch`; importance weights are the caller's."""
        ...


class TDObjective:
    """The one-value Bellman equation: q moves towards reward + discount * bootstrap.

    Args:
        bootstrap: how the next observations are valued.
        loss: loss of each transition from q and target, all `(B,)`.
    """

    def __init__(self, bootstrap: Bootstrap, loss: Callable[[Tensor, Tensor], Tensor]) -> None:
        self.bootstrap = bootstrap
        self.loss = loss

    def __call__(self, q_net: QNetwork, target_net: QNetwork, batch: TransitionBatch) -> Estimates:
        """Return the loss of each transition."""
        with torch.no_grad():
            bootstrap = self.bootstrap(q_net, target_net, batch.next_obs)
            target = td_target(batch.reward, batch.discount, bootstrap)
        q = chosen(q_net(batch.obs), batch.action)
        loss = self.loss(q, target)
        q = q.detach()
        return Estimates(loss, target - q, q)
