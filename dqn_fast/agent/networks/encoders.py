"""Encoders: from a batch of observations to one float32 row of features for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor, nn

from dqn_fast.agent.networks.embedding import Embedding
from dqn_fast.agent.networks.image_encoder import Conv, is_image, make_image_encoder
from dqn_fast.agent.networks.tokens import (
    MakeTextReader,
    TextEncoder,
    make_causal_reader,
    text_shape,
    without_text,
)

# A row of at least so many whole numbers, of at least so many different ones, may be a text.
_LONG, _MANY = 8, 16


class Encoder(Protocol):
    """A module that turns observations into `size` features."""

    size: int

    def __call__(self, obs: Any) -> Tensor:
        """Return the features, `(B, size)` float32.

        Args:
            obs: B observations: a tensor, or a (nested) dict of them.
        """
        ...


class FlattenEncoder(nn.Module):
    """Flattens numbers: `(B, *shape)` of any dtype to `(B, size)` float32.

    Args:
        size: how many.
        whole_numbers_to: the largest, if they may be tokens, which have no magnitude; else None.
    """

    def __init__(self, size: int, whole_numbers_to: int | None = None) -> None:
        super().__init__()
        self.size = size
        self.whole_numbers_to = whole_numbers_to

    def forward(self, obs: Tensor) -> Tensor:
        """Return `obs` as `(B, size)` float32."""
        return obs.reshape(obs.shape[0], self.size).float()


class OneHotEncoder(nn.Module):
    """Turns integers into one-hot vectors, side by side: `(B, *shape)` to `(B, size)` float32.

    Args:
        counts: number of values of each integer.
        starts: smallest value of each integer.
    """

    shift: Tensor

    def __init__(self, counts: np.ndarray[Any, Any], starts: np.ndarray[Any, Any]) -> None:
        super().__init__()
        counts, starts = counts.reshape(-1).astype(np.int64), starts.reshape(-1).astype(np.int64)
        self.size = int(counts.sum())
        # Column of value v of number i: v - start of i + sum of the counts before i.
        shift = np.cumsum(counts) - counts - starts
        self.register_buffer("shift", torch.from_numpy(shift), persistent=False)

    def forward(self, obs: Tensor) -> Tensor:
        """Return `obs` as `(B, size)` float32 of zeros and ones."""
        columns = obs.reshape(obs.shape[0], -1).long() + self.shift
        return torch.zeros(obs.shape[0], self.size, device=columns.device).scatter_(1, columns, 1.0)


class DictEncoder(nn.Module):
    """Encodes each part of a dict, and puts the features side by side, in the order of `parts`.

    Args:
        parts: an encoder for each key, at least one. Other keys of observations are ignored.
    """

    def __init__(self, parts: Mapping[str, Encoder]) -> None:
        super().__init__()
        self.keys = tuple(parts)
        # A list: the names of modules in a ModuleDict may not hold a dot, keys may.
        self.parts = nn.ModuleList(parts.values())  # type: ignore[arg-type]
        self.size = sum(part.size for part in parts.values())

    def items(self) -> Iterator[tuple[str, Encoder]]:
        """Return each key with its encoder."""
        return zip(self.keys, self.parts, strict=True)  # type: ignore[arg-type]

    def forward(self, obs: Mapping[str, Any]) -> Tensor:
        """Return the features of all parts, `(B, size)` float32."""
        return torch.cat([part(obs[key]) for key, part in self.items()], 1)


def one_hot_columns(encoder: Encoder) -> int:
    """Return how many features of an encoder are one-hot columns."""
    modules = encoder.modules() if isinstance(encoder, nn.Module) else ()
    return sum(module.size for module in modules if isinstance(module, OneHotEncoder))


def make_encoder(
    space: spaces.Space[Any],
    generator: torch.Generator,
    convolutions: Sequence[Conv] | None = None,
    embedding: int = 0,
    make_reader: MakeTextReader = make_causal_reader,
) -> Encoder:
    """Return the encoder for an observation space.

    Images (see `image_encoder.is_image`) go through convolutions. Other numbers are flattened, discrete ones
    become one-hot or learned vectors, and the parts of (nested) dicts stand side by side. A text, which is
    the keys "tokens" and "length" at the top of a Dict, has a reader (see `tokens`).

    Args:
        space: Box, MultiBinary, Discrete, MultiDiscrete, or Dict of these.
        generator: source of the initial weights.
        convolutions: convolutions for images; None chooses them by size (`make_image_encoder`).
        embedding: length of the learned vector of a discrete value; 0 takes one-hot vectors.
        make_reader: makes what reads a text.

    Raises:
        TypeError: if there is no encoder for the space, it is an empty Dict, or its text is malformed.
        SmallImageError: if an image is smaller than the convolutions need.
        ValueError: if a table of vectors would be larger than 1 GiB, or `make_reader` raises it.
    """
    shape = text_shape(space)
    if shape is None:
        return _make_encoder(space, generator, convolutions, embedding)
    reader, others = make_reader(shape, generator), without_text(space)  # type: ignore[arg-type]
    rest = _make_encoder(spaces.Dict(others), generator, convolutions, embedding) if others else None
    return TextEncoder(reader, rest)


def _make_encoder(
    space: spaces.Space[Any], generator: torch.Generator, convolutions: Sequence[Conv] | None, embedding: int
) -> Encoder:
    if isinstance(space, spaces.Dict):
        if not space.spaces:
            raise TypeError(f"observation_space: got {space}, expected a Dict with at least one part")
        return DictEncoder(
            {
                key: _make_encoder(part, generator, convolutions, embedding)
                for key, part in space.spaces.items()
            }
        )
    if isinstance(space, spaces.Box) and is_image(space):
        return make_image_encoder(space, generator, convolutions)
    if isinstance(space, spaces.Box | spaces.MultiBinary):
        return FlattenEncoder(int(np.prod(space.shape)), _whole_numbers_to(space))
    if isinstance(space, spaces.Discrete):
        return _discrete(np.array([space.n]), np.array([space.start]), embedding, generator)
    if isinstance(space, spaces.MultiDiscrete):
        return _discrete(space.nvec, space.start, embedding, generator)
    raise TypeError(
        f"observation_space: got {space}, "
        "expected Box, MultiBinary, Discrete, MultiDiscrete, or a Dict of these"
    )


def _whole_numbers_to(space: spaces.Space[Any]) -> int | None:
    """Return the largest number of a long row of whole numbers, bytes and unbounded ones excepted."""
    if not isinstance(space, spaces.Box) or not np.issubdtype(space.dtype, np.integer):
        return None
    low, high = int(space.low.min(initial=0)), int(space.high.max(initial=0))
    row = len(space.shape) == 1 and space.shape[0] >= _LONG
    bounded = space.dtype.itemsize > 1 and high < np.iinfo(space.dtype).max
    return high if row and bounded and high - low >= _MANY else None


def _discrete(
    counts: np.ndarray[Any, Any], starts: np.ndarray[Any, Any], embedding: int, generator: torch.Generator
) -> Encoder:
    return Embedding(counts, starts, embedding, generator) if embedding else OneHotEncoder(counts, starts)
