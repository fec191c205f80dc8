"""Bootstraps: the value of the observation after the last reward, read from the networks."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from dqn_fast.agent.losses import double_bootstrap, max_bootstrap
from dqn_fast.agent.networks import QNetwork


class Bootstrap(Protocol):
    """A rule that values the next observations."""

    def __call__(self, q_net: QNetwork, target_net: QNetwork, next_obs: Tensor) -> Tensor:
        """Return values `(B,)` of `next_obs` `(B, *observation shape)`; called without gradients."""
        ...


def q_learning(q_net: QNetwork, target_net: QNetwork, next_obs: Tensor) -> Tensor:
    """The largest value of the target network (Mnih et al., 2015); the Q-network isn't asked."""
    return max_bootstrap(target_net(next_obs))


def double_q_learning(q_net: QNetwork, target_net: QNetwork, next_obs: Tensor) -> Tensor:
    """The target network's value of the Q-network's best action (Double DQN, van Hasselt et al., 2016)."""
    return double_bootstrap(q_net(next_obs), target_net(next_obs))
