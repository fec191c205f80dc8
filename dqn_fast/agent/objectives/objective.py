"""What the agent needs of an objective: the loss of each sampled transition, and its gradient.

The agent knows nothing of how values are represented: another representation (C51, quantiles) or another
target (Munchausen) is another objective, beside a network whose outputs fit it.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from torch import Tensor

from dqn_fast.agent.fast import Values


class TransitionBatch(Protocol):
    """The fields of a batch that the agent reads, as tensors; `dqn_fast.Batch` has them."""

    obs: Any
    action: Any
    reward: Any
    next_obs: Any
    discount: Any
    weights: Any


class ObjectiveResult(NamedTuple):
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
    ) -> ObjectiveResult:
        """Return what is found; importance weights are the caller's.

        It is called without autograd's recording: the gradient is the objective's own to compute.

        Args:
            outputs: of the Q-network for `batch.obs`, `(B, ...)`; only read.
            batch: B transitions; only read.
            q_net: gives the Q-network's outputs for other observations, and the values that outputs mean.
            target_net: gives the target network's.
        """
        ...
