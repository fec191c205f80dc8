"""The DQN agent: acts by its Q-network and learns from batches (Mnih et al., 2015)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from dqn_fast.agent.bootstrap import Bootstrap
from dqn_fast.agent.exploration import EpsilonGreedy
from dqn_fast.agent.losses import chosen, td_target, weighted_mean
from dqn_fast.agent.networks import QNetwork
from dqn_fast.agent.schedules import Schedule
from dqn_fast.agent.targets import Target


class TransitionBatch(Protocol):
    """The fields of a batch that the agent reads, as tensors; `dqn_fast.Batch` has them."""

    obs: Any
    action: Any
    reward: Any
    next_obs: Any
    discount: Any
    weights: Any


class Learned(NamedTuple):
    """What one update found, as tensors, so that nobody waits for a number that isn't read.

    Attributes:
        td_error: target - q of each row before the update, `(B,)` float32.
        loss: weighted mean loss, a float32 scalar.
        q: mean value of the actions taken, a float32 scalar.
    """

    td_error: Tensor
    loss: Tensor
    q: Tensor


class DQN:
    """A deep Q-network agent composed of its parts.

    Args:
        q_net: the network that acts and learns.
        target: the target network and how it follows `q_net`.
        optimizer: over the parameters of `q_net`. Its learning rate is set at every update.
        bootstrap: how the next observations are valued.
        loss: loss of each sample from q and target, all `(B,)`.
        exploration: how actions leave the greedy one.
        learning_rate_schedule: learning rate at each environment step.
        max_grad_norm: largest 2-norm of the gradient of all parameters together; longer ones are shortened
            to it. Infinity leaves them as they are.

    Raises:
        ValueError: `max_grad_norm` is not above 0.
    """

    def __init__(
        self,
        q_net: QNetwork,
        target: Target,
        optimizer: torch.optim.Optimizer,
        *,
        bootstrap: Bootstrap,
        loss: Callable[[Tensor, Tensor], Tensor],
        exploration: EpsilonGreedy,
        learning_rate_schedule: Schedule,
        max_grad_norm: float = float("inf"),
    ) -> None:
        if not max_grad_norm > 0:
            raise ValueError(f"max_grad_norm is {max_grad_norm}, expected above 0")
        self.q_net = q_net
        self.target = target
        self.optimizer = optimizer
        self.bootstrap = bootstrap
        self.loss = loss
        self.exploration = exploration
        self.learning_rate_schedule = learning_rate_schedule
        self.max_grad_norm = max_grad_norm
        self.updates = 0
        self._parameters = list(q_net.parameters())

    def act(self, obs: Any, step: int) -> int:
        """Return an action for one observation, exploring as is due at environment step `step`."""
        return self.exploration.choose(lambda: greedy_action(self.q_net, obs), step)

    def learn(self, batch: TransitionBatch, step: int) -> Learned:
        """Make one learner update from a batch of tensors.

        Args:
            batch: B transitions; only read.
            step: environment step, for the learning rate.
        """
        with torch.no_grad():
            bootstrap = self.bootstrap(self.q_net, self.target.target_net, batch.next_obs)
            target = td_target(batch.reward, batch.discount, bootstrap)
        q = chosen(self.q_net(batch.obs), batch.action)
        loss = weighted_mean(self.loss(q, target), batch.weights)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if self.max_grad_norm < float("inf"):
            torch.nn.utils.clip_grad_norm_(self._parameters, self.max_grad_norm)
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate_schedule(step)
        self.optimizer.step()
        self.updates += 1
        self.target.update(self.updates)
        q = q.detach()
        return Learned(target - q, loss.detach(), q.mean())


@torch.inference_mode()
def greedy_action(q_net: QNetwork, obs: Any) -> int:
    """Return the action of the largest value for one observation (the first, if several are largest).

    Args:
        q_net: the network to ask.
        obs: one observation as the environment gives it: an array or a number.
    """
    return int(q_net(torch.as_tensor(obs).unsqueeze(0)).argmax())
