"""Small Q-networks computed by NumPy, over the very memory of their parameters.

For one observation and layers of 64, nearly all of the time of PyTorch is the way to the arithmetic, and the
way of NumPy is several times shorter. Nothing is copied: an optimiser or `load_state_dict` that changes
parameters in place changes these networks, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from torch import nn

from dqn_fast.agent.action_mask import ILLEGAL, legal_actions
from dqn_fast.agent.encoders import DictEncoder, FlattenEncoder, OneHotEncoder
from dqn_fast.agent.networks import DuelingHead, MaskedQNetwork, QNetwork

Floats = npt.NDArray[np.float32]
#: Writes the features of N observations to an array `(N, size)`.
Encode = Callable[[Any, Floats], None]

_ZERO, _ILLEGAL = np.zeros((), np.float32), np.float32(ILLEGAL)


class UnknownModuleError(TypeError):
    """A module that NumPy has no form of here."""


class Dense(NamedTuple):
    """A linear layer and whether a ReLU is behind it."""

    weight: Floats  # (inputs, outputs): the transpose of PyTorch's
    bias: Floats
    relu: bool


class NumpyQNetwork:
    """A Q-network's values by NumPy.

    Exact types are asked for, because a subclass may compute something else.

    Args:
        q_net: linear layers and ReLU behind an encoder without any; plain or dueling, masked or not.

    Raises:
        UnknownModuleError: another module is in it.
    """

    def __init__(self, q_net: QNetwork) -> None:
        if type(q_net) not in (QNetwork, MaskedQNetwork):
            raise UnknownModuleError(type(q_net).__name__)
        self._masked = type(q_net) is MaskedQNetwork
        self._encode = _encode(q_net.encoder)
        self._size = q_net.encoder.size
        self._body = _dense(q_net.body)
        self._heads = _heads(q_net.head)
        # The mean over actions is taken off by a product, which is the shortest way in NumPy.
        self._off_mean = np.eye(q_net.num_actions, dtype=np.float32) - np.float32(1 / q_net.num_actions)
        self._rows = -1
        #: Weights of the largest layer.
        self.largest = max(layer.weight.size for part in (self._body, *self._heads) for layer in part)

    def __call__(self, obs: Any, rows: int) -> Floats:
        """Return q, `(rows, num_actions)` float32, in an array that the next call overwrites.

        Args:
            obs: `rows` observations: an array `(rows, ...)`, or a (nested) dict of them.
            rows: how many there are; the same as last time is faster than another.
        """
        if rows != self._rows:
            self._allocate(rows)
        features = self._features
        self._encode(obs, features)
        features = self._body_of_rows(features)
        q = self._head_of_rows[-1](features)
        if len(self._head_of_rows) == 2:
            q = np.dot(q, self._off_mean, out=self._q)
            q += self._head_of_rows[0](features)
        if self._masked:
            np.copyto(q, _ILLEGAL, where=~legal_actions(obs))  # type: ignore[operator]
        return q

    def _allocate(self, rows: int) -> None:
        self._features = np.empty((rows, self._size), np.float32)
        self._q = np.empty((rows, len(self._off_mean)), np.float32)
        self._body_of_rows = _Perceptron(self._body, rows)
        self._head_of_rows = [_Perceptron(head, rows) for head in self._heads]
        self._rows = rows


class _Perceptron:
    """Layers, and the arrays that they write N rows to."""

    def __init__(self, layers: Sequence[Dense], rows: int) -> None:
        self._layers = [(*layer, np.empty((rows, layer.bias.size), np.float32)) for layer in layers]

    def __call__(self, features: Floats) -> Floats:
        for weight, bias, relu, out in self._layers:
            np.dot(features, weight, out=out)
            np.add(out, bias, out=out)
            if relu:
                np.maximum(out, _ZERO, out=out)
            features = out
        return features


def _heads(head: nn.Module) -> list[list[Dense]]:
    """The layers of the only stream, or of value and advantage."""
    return [_dense(head.value), _dense(head.advantage)] if type(head) is DuelingHead else [_dense(head)]


def _dense(module: nn.Module) -> list[Dense]:
    layers: list[Dense] = []
    for layer in module if type(module) is nn.Sequential else [module]:
        if type(layer) is nn.ReLU and layers:
            layers[-1] = layers[-1]._replace(relu=True)
        elif type(layer) is nn.Linear and layer.bias is not None:
            layers.append(Dense(layer.weight.detach().numpy().T, layer.bias.detach().numpy(), False))
        else:
            raise UnknownModuleError(type(layer).__name__)
    return layers


def _encode(encoder: Any) -> Encode:
    if type(encoder) is FlattenEncoder:
        return _flatten
    if type(encoder) is OneHotEncoder:
        shift = encoder.shift.numpy()
        return lambda obs, out: _one_hot(obs, shift, out)
    if type(encoder) is DictEncoder:
        parts = [_encode(part) for part in encoder.parts]
        ends = np.cumsum([part.size for part in encoder.parts]).tolist()
        columns = [slice(begin, end) for begin, end in zip([0, *ends[:-1]], ends, strict=True)]
        keys = encoder.keys

        def side_by_side(obs: Any, out: Floats) -> None:
            for key, part, of_part in zip(keys, parts, columns, strict=True):
                part(obs[key], out[:, of_part])

        return side_by_side
    raise UnknownModuleError(type(encoder).__name__)


def _flatten(obs: Any, out: Floats) -> None:
    out[...] = obs.reshape(out.shape)


def _one_hot(obs: Any, shift: npt.NDArray[np.int64], out: Floats) -> None:
    rows = len(out)
    out[...] = 0
    out[np.arange(rows)[:, None], obs.reshape(rows, -1) + shift] = 1
