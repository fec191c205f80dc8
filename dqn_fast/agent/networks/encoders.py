"""Encoders: from a batch of observations of a space to one float32 row per observation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor, nn

from dqn_fast.agent.networks.image_encoder import Conv, is_image, make_image_encoder


class Encoder(Protocol):
    """A module that turns observations into `size` features."""

    size: int

    def __call__(self, obs: Any) -> Tensor:
        """Return features `(B, size)` float32 of B observations: a tensor, or a (nested) dict of them."""
        ...


class FlattenEncoder(nn.Module):
    """Numbers as they are: `(B, *shape)` of any dtype to `(B, size)` float32."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, obs: Tensor) -> Tensor:
        """Return `obs` as `(B, size)` float32."""
        return obs.reshape(obs.shape[0], self.size).float()


class OneHotEncoder(nn.Module):
    """Whole numbers as one-hot vectors, side by side: `(B, *shape)` int to `(B, size)` float32.

    Args:
        counts: how many values each number can take.
        starts: the smallest value of each number.
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
    """The features of each part of a dict, side by side, in the order of `parts`.

    Args:
        parts: an encoder for each key, at least one. Observations may have other keys; they are not read.
    """

    def __init__(self, parts: Mapping[str, Encoder]) -> None:
        super().__init__()
        self.keys = tuple(parts)
        # A list: the names of modules in a ModuleDict may not hold a dot, keys may.
        self.parts = nn.ModuleList(parts.values())  # type: ignore[arg-type]
        self.size = sum(part.size for part in parts.values())

    def items(self) -> Iterator[tuple[str, Encoder]]:
        """Each key and its encoder."""
        return zip(self.keys, self.parts, strict=True)  # type: ignore[arg-type]

    def forward(self, obs: Mapping[str, Any]) -> Tensor:
        """Return the features of all parts, `(B, size)` float32."""
        return torch.cat([part(obs[key]) for key, part in self.items()], 1)


def one_hot_columns(encoder: Encoder) -> int:
    """Return how many of an encoder's features are one-hot columns."""
    modules = encoder.modules() if isinstance(encoder, nn.Module) else ()
    return sum(module.size for module in modules if isinstance(module, OneHotEncoder))


def make_encoder(
    space: spaces.Space[Any], generator: torch.Generator, convs: Sequence[Conv] | None = None
) -> Encoder:
    """Return the encoder for an observation space.

    Images get convolutions (`image_encoder.is_image` says what is one), other numbers are flattened, discrete
    ones become one-hot vectors, and dicts of these, nested ones too, are put side by side.

    Args:
        space: Box, MultiBinary, Discrete, MultiDiscrete, or Dict of these.
        generator: source of the initial weights, if there are any.
        convs: the convolutions for images; None chooses by their size (`make_image_encoder`).

    Raises:
        TypeError: if no encoder is known for the space, or it is a Dict without parts.
        SmallImageError: if an image is smaller than the convolutions need.
    """
    if isinstance(space, spaces.Dict):
        if not space.spaces:
            raise TypeError(f"observation_space: got {space}, expected a Dict with something to observe")
        return DictEncoder({key: make_encoder(part, generator, convs) for key, part in space.spaces.items()})
    if isinstance(space, spaces.Box) and is_image(space):
        return make_image_encoder(space, generator, convs)
    if isinstance(space, spaces.Box | spaces.MultiBinary):
        return FlattenEncoder(int(np.prod(space.shape)))
    if isinstance(space, spaces.Discrete):
        return OneHotEncoder(np.array([space.n]), np.array([space.start]))
    if isinstance(space, spaces.MultiDiscrete):
        return OneHotEncoder(space.nvec, space.start)
    raise TypeError(
        f"observation_space: got {space}, "
        "expected Box, MultiBinary, Discrete, MultiDiscrete, or a Dict of these"
    )
