"""Q-networks computed by the C++ core, over the memory of their parameters (see `core_layers`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import nn

from dqn_fast._core import DenseLayers
from dqn_fast.agent.fast.core_encoders import make_core_encoder
from dqn_fast.agent.fast.core_layers import Floats, core_layers
from dqn_fast.agent.fast.known_modules import UnknownModuleError, require_no_hooks
from dqn_fast.agent.networks.action_mask import ILLEGAL, legal_actions
from dqn_fast.agent.networks.q_network import DuelingHead, MaskedQNetwork, QNetwork
from dqn_fast.agent.networks.representation import Scalar

_ILLEGAL = np.float32(ILLEGAL)


class CoreQNetwork:
    """Computes a Q-network's values from arrays to arrays, for a fixed number of observations.

    Args:
        q_net: made by `make_q_net`.
        rows: observations at a time.

    Attributes:
        rows: observations at a time.
        multiplications: of one call.

    Raises:
        UnknownModuleError: if a module has no counterpart, or there is a hook, or the outputs are not values.
    """

    def __init__(self, q_net: QNetwork, rows: int) -> None:
        if type(q_net) not in (QNetwork, MaskedQNetwork):
            raise UnknownModuleError(f"q_net: got {type(q_net).__name__}, expected one of make_q_net")
        if type(q_net.representation) is not Scalar:
            raise UnknownModuleError(f"representation: got {q_net.representation}, expected Scalar")
        require_no_hooks(q_net)
        self.rows = rows
        self._masked = type(q_net) is MaskedQNetwork
        self._encode = make_core_encoder(q_net.encoder, rows)
        self._features = np.empty((rows, q_net.encoder.size), np.float32)
        layers, hidden = core_layers(q_net.body, self._features)
        streams = [core_layers(stream, hidden) for stream in _streams(q_net.head)]
        *self._value, self._advantage = (outputs for _, outputs in streams)
        layers += [layer for stream, _ in streams for layer in stream]
        self._layers = DenseLayers(layers)
        self._q = np.empty((rows, q_net.num_actions), np.float32)
        # A product takes off the mean over actions, in one call of NumPy.
        self._off_mean = np.eye(q_net.num_actions, dtype=np.float32) - np.float32(1 / q_net.num_actions)
        self.multiplications = self._encode.multiplications + sum(layer.multiplications for layer in layers)

    def __call__(self, obs: Any) -> Floats:
        """Return q, `(rows, num_actions)` float32, in an array that the next call overwrites.

        Args:
            obs: `rows` observations: an array `(rows, ...)`, or a (nested) dict of them.
        """
        self._encode(obs, self._features)
        self._layers.run()
        q = self._advantage
        for value in self._value:
            q = np.dot(q, self._off_mean, out=self._q)
            q += value
        if self._masked:
            np.copyto(q, _ILLEGAL, where=~legal_actions(obs))  # type: ignore[operator]
        return q


def _streams(head: nn.Module) -> list[nn.Module]:
    """Return value and advantage, or the only stream."""
    return [head.value, head.advantage] if type(head) is DuelingHead else [head]
