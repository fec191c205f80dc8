"""Selectors: they decide which network picks the next action; the target network then values it."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from torch import Tensor

from dqn_fast.agent.fast import Values
from dqn_fast.agent.objectives.losses import chosen


class Selected(NamedTuple):
    """The next action of each row.

    Attributes:
        action: `(B,)` int64; where none is needed, any.
        outputs: of the target network for it, `(B, ...)`; those of other actions may mean nothing.
        value: of it by the target network, `(B,)`.
    """

    action: Tensor
    outputs: Tensor
    value: Tensor


class Selector(Protocol):
    """Picks the next action of each row (`q_t_selector` in rlax)."""

    def __call__(self, q_net: Values, target_net: Values, next_obs: Any, needed: Tensor) -> Selected:
        """Return the next actions, and what the target network says of them.

        Args:
            q_net: the Q-network.
            target_net: the target network.
            next_obs: a tensor `(B, *observation shape)`, or a (nested) dict of them; only read.
            needed: `(B,)` bool, rows that bootstrap.
        """
        ...


def target_selector(q_net: Values, target_net: Values, next_obs: Any, needed: Tensor) -> Selected:
    """Let the target network pick its own best action (Mnih et al., 2015)."""
    outputs = target_net(next_obs)
    value, action = target_net.values(outputs).max(1)
    return Selected(action, outputs, value)


def online_selector(q_net: Values, target_net: Values, next_obs: Any, needed: Tensor) -> Selected:
    """Let the Q-network pick its best action (Double DQN, van Hasselt et al., 2016)."""
    action = q_net.best_action(next_obs, needed)
    outputs = target_net.at(next_obs, action)
    return Selected(action, outputs, chosen(target_net.values(outputs), action))
