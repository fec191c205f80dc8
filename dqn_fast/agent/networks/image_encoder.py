"""The encoder for images: convolutions as in the papers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor, nn

from dqn_fast.agent.networks.layers import make_conv


class Conv(NamedTuple):
    """A convolution without padding, followed by a ReLU."""

    channels: int
    kernel: int
    stride: int


#: For images of at least 36 x 36, such as 84 x 84 (Mnih et al., 2015).
NATURE = (Conv(32, 8, 4), Conv(64, 4, 2), Conv(64, 3, 1))
#: For the same images, and cheaper on a CPU (van Hasselt et al., 2019).
DATA_EFFICIENT = (Conv(32, 5, 5), Conv(64, 5, 5))
#: For smaller images, such as 10 x 10 (MinAtar: Young & Tian, 2019).
MINATAR = (Conv(16, 3, 1),)

_NATURE_MIN, _MINATAR_MIN = 36, 3


class SmallImageError(ValueError):
    """An image is smaller than the convolutions need."""


class ImageEncoder(nn.Module):
    """Applies convolutions to a batch of images: `(B, *shape)` of any dtype to `(B, size)` float32.

    An image is `(height, width)`, `(channels, height, width)` or `(height, width, channels)`. With three axes
    the channels are the first axis if it is shorter than the last, as in a stack of frames `(4, 84, 84)`, and
    the last axis otherwise, as in MinAtar `(10, 10, channels)`. The features keep the order of the image's
    axes.

    Args:
        shape: of one image.
        convolutions: the convolutions, first to last.
        scale: factor for the image's numbers.
        generator: source of the initial weights.

    Raises:
        SmallImageError: if the image is smaller than the convolutions need.

    Attributes:
        in_bfloat16: whether convolutions compute in bfloat16; weights, their gradients and the features are
            float32 in any case.
    """

    def __init__(
        self, shape: Sequence[int], convolutions: Sequence[Conv], scale: float, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.channels_last, (channels, height, width) = _axes(shape)
        self.shape = tuple(shape)
        self.scale = scale
        self.in_bfloat16 = False
        layers: list[nn.Module] = []
        for conv in convolutions:
            layers += [make_conv(channels, *conv, generator), nn.ReLU()]
            channels = conv.channels
            height, width = ((side - conv.kernel) // conv.stride + 1 for side in (height, width))
            if min(height, width) < 1:
                raise SmallImageError(
                    f"images: got {tuple(shape)}, expected room for the convolutions {tuple(convolutions)}"
                )
        self.layers = nn.Sequential(*layers)
        self.size = channels * height * width

    def forward(self, obs: Tensor) -> Tensor:
        """Return the features of each image, `(B, size)` float32."""
        if obs.dtype == torch.bool:
            obs = obs.view(torch.uint8)  # quicker to convert to float than bool
        images = obs.float()
        if self.scale != 1:
            # In place, unless the memory is the caller's.
            images = images * self.scale if images is obs else images.mul_(self.scale)
        if len(self.shape) == 2:
            images = images.unsqueeze(1)
        if not self.channels_last:
            features = self._convolved(images)
        else:
            # Views, before the convolutions and after them: this saves two copies.
            features = self._convolved(images.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return features.flatten(1)

    def _convolved(self, images: Tensor) -> Tensor:
        features: Tensor
        if not self.in_bfloat16:
            features = self.layers(images)
            return features
        # Without a cache of converted weights, which a CUDA graph would not renew.
        with torch.autocast(images.device.type, torch.bfloat16, cache_enabled=False):
            features = self.layers(images)
        return features.float()


def is_image(space: spaces.Box) -> bool:
    """Return whether a Box holds images: three axes, or two of uint8, and both sides at least 3 long."""
    axes = len(space.shape)
    if axes != 3 and not (axes == 2 and space.dtype == np.uint8):
        return False
    return min(_axes(space.shape)[1][1:]) >= _MINATAR_MIN


def make_image_encoder(
    space: spaces.Box, generator: torch.Generator, convolutions: Sequence[Conv] | None = None
) -> ImageEncoder:
    """Return the encoder for a Box of images (see `is_image`).

    Integers are divided by the largest value of the space: 255 for the usual uint8, 1 for bool.

    Args:
        space: of one image.
        generator: source of the initial weights.
        convolutions: None is DQN's for images of at least 36 x 36, and MinAtar's for smaller ones.

    Raises:
        SmallImageError: if the image is smaller than the convolutions need.
    """
    if convolutions is None:
        convolutions = NATURE if min(_axes(space.shape)[1][1:]) >= _NATURE_MIN else MINATAR
    return ImageEncoder(space.shape, convolutions, _scale(space), generator)


def _axes(shape: Sequence[int]) -> tuple[bool, tuple[int, int, int]]:
    """Return whether an image's channels are its last axis; and channels, height and width."""
    if len(shape) == 2:
        return False, (1, shape[0], shape[1])
    first, middle, last = shape
    return (False, (first, middle, last)) if first < last else (True, (last, first, middle))


def _scale(space: spaces.Box) -> float:
    highest: Any = space.high.max()
    return 1.0 if np.issubdtype(space.dtype, np.floating) or highest <= 0 else 1.0 / float(highest)
