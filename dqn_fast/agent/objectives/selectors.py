"""Selectors: they decide which network picks the next action; the target network then values it.

A selector returns values, and the objective takes the action of the largest (`q_t_selector` in rlax).
"""

from __future__ import annotations

from typing import Any, Protocol

from torch import Tensor

from dqn_fast.agent.fast import Values


class Selector(Protocol):
    """Values the next actions, so that one of them can be picked."""

    def __call__(self, q_net: Values, target_net: Values, next_obs: Any, next_outputs: Tensor) -> Tensor:
        """Return the values, `(B, A)`, whose largest picks the next action of each row.

        Args:
            q_net: the Q-network.
            target_net: the target network.
            next_obs: a tensor `(B, *observation shape)`, or a (nested) dict of them; only read.
            next_outputs: the target network's outputs for `next_obs`, `(B, ...)`; only read.
        """
        ...


def target_selector(q_net: Values, target_net: Values, next_obs: Any, next_outputs: Tensor) -> Tensor:
    """Let the target network pick its own best action (Mnih et al., 2015)."""
    return target_net.values(next_outputs)


def online_selector(q_net: Values, target_net: Values, next_obs: Any, next_outputs: Tensor) -> Tensor:
    """Let the Q-network pick its best action (Double DQN, van Hasselt et al., 2016)."""
    return q_net.values(q_net(next_obs))
