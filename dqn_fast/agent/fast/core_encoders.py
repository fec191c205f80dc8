"""Encoders from arrays to arrays, for a fixed number of observations."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from torch import nn

from dqn_fast._core import DenseLayers
from dqn_fast.agent.fast.core_layers import Floats, make_core_layer
from dqn_fast.agent.fast.known_modules import UnknownModuleError
from dqn_fast.agent.networks.encoders import DictEncoder, FlattenEncoder, OneHotEncoder
from dqn_fast.agent.networks.image_encoder import ImageEncoder


class CoreEncoder(Protocol):
    """Writes the features of N observations to an array."""

    #: Multiplications of its layers for all observations; 0 without layers.
    multiplications: int

    def __call__(self, obs: Any, out: Floats) -> None:
        """Write features to `out`, `(N, size)`; `obs` is an array `(N, ...)` or a (nested) dict of them."""
        ...


def make_core_encoder(encoder: Any, rows: int) -> CoreEncoder:
    """Return the counterpart of an encoder, for `rows` observations at a time.

    Raises:
        UnknownModuleError: if there is none.
    """
    if type(encoder) is FlattenEncoder:
        return _Flatten()
    if type(encoder) is OneHotEncoder:
        return _OneHot(encoder, rows)
    if type(encoder) is ImageEncoder and not encoder.in_bfloat16:
        return _Image(encoder, rows)
    if type(encoder) is DictEncoder:
        return _Dict(encoder, rows)
    raise UnknownModuleError(f"encoder: got {type(encoder).__name__}, expected one of make_encoder")


class _Flatten:
    multiplications = 0

    def __call__(self, obs: Any, out: Floats) -> None:
        out[...] = obs.reshape(out.shape)


class _OneHot:
    multiplications = 0

    def __init__(self, encoder: OneHotEncoder, rows: int) -> None:
        if encoder.shift.device.type != "cpu":
            raise UnknownModuleError(f"encoder: got one on {encoder.shift.device}, expected the CPU")
        self._shift = encoder.shift.numpy()
        self._rows = np.arange(rows)[:, None]

    def __call__(self, obs: Any, out: Floats) -> None:
        columns = obs.reshape(len(out), -1).astype(np.int64) + self._shift
        if columns.min() < 0:  # NumPy would count them from the end
            raise IndexError(f"obs: got {obs}, expected numbers of its space")
        out[...] = 0
        out[self._rows, columns] = 1


class _Image:
    """Runs each convolution as a dense layer; its input is a matrix with a row for each window."""

    def __init__(self, encoder: ImageEncoder, rows: int) -> None:
        self._scale = np.float32(encoder.scale)
        self._images = np.empty((rows, *encoder.shape), np.float32)
        if encoder.channels_last:
            layer_input = self._images.transpose(0, 3, 1, 2)
        else:
            layer_input = self._images.reshape(rows, -1, *encoder.shape[-2:])
        self.multiplications = 0
        self._layers = []
        for conv in encoder.layers:
            if not isinstance(conv, nn.Conv2d):
                continue  # the ReLU behind it
            (kernel, _), (stride, _) = conv.kernel_size, conv.stride
            windows = sliding_window_view(layer_input, (kernel, kernel), (2, 3))[:, :, ::stride, ::stride]
            windows = windows.transpose(0, 2, 3, 1, 4, 5)
            matrix = np.empty(windows.shape, np.float32)
            assert conv.bias is not None
            rows_of_windows = matrix.reshape(-1, matrix[0, 0, 0].size)
            layer = make_core_layer(rows_of_windows, conv.weight, conv.bias, relu=True)
            self._layers.append((windows, matrix, DenseLayers([layer])))
            self.multiplications += layer.multiplications
            out = layer.outputs.reshape(*windows.shape[:3], conv.out_channels)
            layer_input = out.transpose(0, 3, 1, 2)
        self._features = out if encoder.channels_last else layer_input

    def __call__(self, obs: Any, out: Floats) -> None:
        self._images[...] = obs
        if self._scale != 1:
            self._images *= self._scale
        # The windows are views of the outputs of the layer before.
        for windows, matrix, layer in self._layers:
            matrix[...] = windows
            layer.run()
        out[...] = self._features.reshape(out.shape)


class _Dict:
    def __init__(self, encoder: DictEncoder, rows: int) -> None:
        self._parts = []
        begin = 0
        for key, part in encoder.items():
            self._parts.append((key, make_core_encoder(part, rows), slice(begin, begin + part.size)))
            begin += part.size
        self.multiplications = sum(part.multiplications for _, part, _ in self._parts)

    def __call__(self, obs: Any, out: Floats) -> None:
        for key, part, columns in self._parts:
            part(obs[key], out[:, columns])
