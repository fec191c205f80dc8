"""Bootstraps: the value of the observation after the last reward, read from the networks."""

from __future__ import annotations

from typing import Any, Protocol

from torch import Tensor

from dqn_fast.agent.fast import Values
from dqn_fast.agent.objectives.losses import double_bootstrap, max_bootstrap


class Bootstrap(Protocol):
    """A rule that values the next observations."""

    def __call__(self, q_net: Values, target_net: Values, next_obs: Any) -> Tensor:
        """Return values `(B,)` of `next_obs`: a tensor `(B, *observation shape)`, or a dict of them."""
        ...


def q_learning(q_net: Values, target_net: Values, next_obs: Any) -> Tensor:
    """The largest value of the target network (Mnih et al., 2015); the Q-network isn't asked."""
    return max_bootstrap(target_net(next_obs))


def double_q_learning(q_net: Values, target_net: Values, next_obs: Any) -> Tensor:
    """The target network's value of the Q-network's best action (Double DQN, van Hasselt et al., 2016)."""
    return double_bootstrap(q_net(next_obs), target_net(next_obs))
