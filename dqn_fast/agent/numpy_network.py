"""Small Q-networks computed by NumPy, over the very memory of their parameters (see `numpy_layers`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import nn

from dqn_fast.agent.action_mask import ILLEGAL, legal_actions
from dqn_fast.agent.layers import UnknownModuleError
from dqn_fast.agent.networks import DuelingHead, MaskedQNetwork, QNetwork
from dqn_fast.agent.numpy_encoders import make_numpy_encoder
from dqn_fast.agent.numpy_layers import Dense, Floats, Perceptron, dense_layers

_ILLEGAL = np.float32(ILLEGAL)


class NumpyQNetwork:
    """A Q-network's values by NumPy, for a number of observations that is known beforehand.

    Args:
        q_net: one that `make_q_net` makes.
        rows: how many observations at a time.

    Raises:
        UnknownModuleError: a module is in it that NumPy has no form of.
    """

    def __init__(self, q_net: QNetwork, rows: int) -> None:
        if type(q_net) not in (QNetwork, MaskedQNetwork):
            raise UnknownModuleError(type(q_net).__name__)
        self.rows = rows
        self._masked = type(q_net) is MaskedQNetwork
        self._encode = make_numpy_encoder(q_net.encoder, rows)
        body, heads = dense_layers(q_net.body), _heads(q_net.head)
        self._body = Perceptron(body, rows)
        *self._value, self._advantage = (Perceptron(head, rows) for head in heads)
        self._features = np.empty((rows, q_net.encoder.size), np.float32)
        self._q = np.empty((rows, q_net.num_actions), np.float32)
        # The mean over actions is taken off by a product, which is the shortest way in NumPy.
        self._off_mean = np.eye(q_net.num_actions, dtype=np.float32) - np.float32(1 / q_net.num_actions)
        #: How many the largest layer makes for one observation.
        self.multiplications = max(
            self._encode.multiplications, *(layer.weight.size for part in (body, *heads) for layer in part)
        )

    def __call__(self, obs: Any) -> Floats:
        """Return q, `(rows, num_actions)` float32, in an array that the next call overwrites.

        Args:
            obs: `rows` observations: an array `(rows, ...)`, or a (nested) dict of them.
        """
        self._encode(obs, self._features)
        features = self._body(self._features)
        q = self._advantage(features)
        for value in self._value:
            q = np.dot(q, self._off_mean, out=self._q)
            q += value(features)
        if self._masked:
            np.copyto(q, _ILLEGAL, where=~legal_actions(obs))  # type: ignore[operator]
        return q


def _heads(head: nn.Module) -> list[list[Dense]]:
    """The layers of value and advantage, or of the only stream."""
    if type(head) is DuelingHead:
        return [dense_layers(head.value), dense_layers(head.advantage)]
    return [dense_layers(head)]
