"""Selectors: which network picks the next action, whose outputs in the target network are bootstrapped from.

An objective takes the action with the largest of the values that a selector returns (rlax calls them
`q_t_selector`).
"""

from __future__ import annotations

from typing import Any, Protocol

from torch import Tensor

from dqn_fast.agent.fast import Values


class Selector(Protocol):
    """A rule that values the next actions, for one of them to be picked."""

    def __call__(self, q_net: Values, target_net: Values, next_obs: Any, next_outputs: Tensor) -> Tensor:
        """Return the values, `(B, A)`, whose largest picks the next action of each row.

        Args:
            q_net: gives the Q-network's outputs, and their values.
            target_net: gives the target network's.
            next_obs: a tensor `(B, *observation shape)`, or a (nested) dict of them; only read.
            next_outputs: the target network's outputs for `next_obs`, `(B, ...)`; only read.
        """
        ...


def target_selector(q_net: Values, target_net: Values, next_obs: Any, next_outputs: Tensor) -> Tensor:
    """Let the target network pick its own best action (Mnih et al., 2015); the Q-network isn't asked."""
    return target_net.values(next_outputs)


def online_selector(q_net: Values, target_net: Values, next_obs: Any, next_outputs: Tensor) -> Tensor:
    """Let the Q-network pick its best action (Double DQN, van Hasselt et al., 2016)."""
    return q_net.values(q_net(next_obs))
