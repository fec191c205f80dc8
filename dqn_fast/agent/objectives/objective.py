"""The interface of objectives: the loss of each sampled transition, and its gradient.

The agent does not know how values are represented. Another representation (C51, quantiles) or another target
(Munchausen) is another objective, with a network whose outputs fit it.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from torch import Tensor

from dqn_fast.agent.fast import Values


class TransitionBatch(Protocol):
    """The fields of a batch that the agent reads, as tensors; `dqn_fast.Batch` has them."""

    action: Any
    reward: Any
    discount: Any
    weights: Any

    @property
    def obs(self) -> Any:
        """Observations; `dqn_fast.FrameBatch` makes them when they are asked for."""
        ...

    @property
    def next_obs(self) -> Any:
        """Observations to bootstrap from."""
        ...


class ObjectiveResult(NamedTuple):
    """What an objective returns for a batch of B transitions.

    Attributes:
        loss: of each transition, `(B,)`.
        gradient: of each transition's loss by its outputs, of their shape `(B, ...)`. The caller may change
            it.
        td_error: target - q of each, `(B,)`.
        q: value of each action taken, `(B,)`.
    """

    loss: Tensor
    gradient: Tensor
    td_error: Tensor
    q: Tensor


class Objective(Protocol):
    """Compares the Q-network's outputs with what they should be."""

    @property
    def whole_heads(self) -> tuple[str, ...] | None:
        """Names of the heads whose outputs of all actions it reads; None: all heads.

        Of other heads, it reads the outputs of the actions taken alone.
        """
        ...

    @property
    def uses_autograd(self) -> bool:
        """Whether it turns autograd on (`torch.enable_grad`) to compute its gradient.

        Where nobody does, updates of small networks run in PyTorch's inference mode, which forbids that.
        """
        ...

    def __call__(
        self, outputs: Tensor, batch: TransitionBatch, q_net: Values, target_net: Values
    ) -> ObjectiveResult:
        """Return losses and gradients, without importance weights, which the caller applies.

        Called with autograd off: the objective computes its own gradient.

        Args:
            outputs: of the Q-network for `batch.obs`, `(B, ...)`; only read. Those of other actions than
                `batch.action` mean nothing, or are missing (see `QNetwork.at`), unless the objective reads
                them.
            batch: B transitions; only read.
            q_net: the Q-network, for other observations, and for the values of outputs.
            target_net: the target network.
        """
        ...
