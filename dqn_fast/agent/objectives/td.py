"""Objectives: what the Q-network is asked to become, as a loss of each sampled transition.

The agent knows nothing of how values are represented: another representation (C51, quantiles) or another
target (Munchausen) is another objective, beside a head of the network that fits it.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from dqn_fast.agent.bootstrap import Bootstrap
from dqn_fast.agent.fast import Values
from dqn_fast.agent.objectives.losses import Loss, chosen, td_target


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
        loss: of each transition, `(B,)`.
        gradient: of each transition's loss by the network's outputs for it, `(B, ...)` like these. The caller
            may change it.
        td_error: target - q of each, `(B,)`.
        q: value of each action taken, `(B,)`.
    """

    loss: Tensor
    gradient: Tensor
    td_error: Tensor
    q: Tensor


class Objective(Protocol):
    """A rule that compares the Q-network with what it should say."""

    def __call__(
        self, outputs: Tensor, batch: TransitionBatch, q_net: Values, target_net: Values
    ) -> Estimates:
        """Return what is found; importance weights are the caller's.

        It is called without autograd's recording: the gradient is the objective's own to compute.

        Args:
            outputs: of the Q-network for `batch.obs`, `(B, ...)`; only read.
            batch: B transitions; only read.
            q_net: gives the Q-network's outputs for other observations.
            target_net: gives the target network's.
        """
        ...


class TDObjective:
    """The one-value Bellman equation: q moves towards reward + discount * bootstrap.

    Args:
        bootstrap: how the next observations are valued.
        loss: of each transition's TD error.
    """

    def __init__(self, bootstrap: Bootstrap, loss: Loss) -> None:
        self.bootstrap = bootstrap
        self.loss = loss

    def __call__(
        self, outputs: Tensor, batch: TransitionBatch, q_net: Values, target_net: Values
    ) -> Estimates:
        """Return what is found for action values `outputs`, `(B, num_actions)`."""
        bootstrap = self.bootstrap(q_net, target_net, batch.next_obs)
        q = chosen(outputs, batch.action)
        td_error = td_target(batch.reward, batch.discount, bootstrap).sub_(q)
        loss, slope = self.loss(td_error)
        gradient = torch.zeros_like(outputs).scatter_(1, batch.action.unsqueeze(1), slope.unsqueeze(1))
        return Estimates(loss, gradient, td_error, q)
