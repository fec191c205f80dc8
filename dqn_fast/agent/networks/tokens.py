"""Observations that are texts: a row of tokens and its length, read through an embedding.

The keys "tokens" and "length" at the top of a dict observation belong together. What reads them gives
features of the text, and stands beside the encoders of other keys.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor, nn

from dqn_fast.agent.networks.gpt import GPT
from dqn_fast.observation_keys import LENGTH, TOKENS


class TextShape(NamedTuple):
    """How large texts are.

    Attributes:
        vocabulary: number of different tokens.
        longest: T, most tokens of a text.
    """

    vocabulary: int
    longest: int


class TextReader(Protocol):
    """A module that turns texts into `size` features."""

    size: int

    def __call__(self, tokens: Tensor, length: Tensor) -> Tensor:
        """Return the features, `(B, size)` float32, which padding does not change.

        Args:
            tokens: `(B, T)` int64.
            length: `(B,)` int64, from 1 to T; the rest of each row is padding.
        """
        ...


#: Makes a reader for texts, with weights from a generator.
MakeTextReader = Callable[[TextShape, torch.Generator], TextReader]


class CausalReader(nn.Module):
    """Learned vectors of tokens, and a small `GPT` over them; the features are those of the last token.

    Args:
        vocabulary: number of different tokens.
        gpt: takes the vectors, of its own size.
        generator: source of the initial vectors, which are normal, as PyTorch's.
    """

    def __init__(self, vocabulary: int, gpt: GPT, generator: torch.Generator) -> None:
        super().__init__()
        self.size = gpt.size
        self.weight = nn.Parameter(torch.empty(vocabulary, gpt.size).normal_(generator=generator))
        self.gpt = gpt

    def forward(self, tokens: Tensor, length: Tensor) -> Tensor:
        """Return the features of each text, `(B, size)` float32."""
        features, _ = self.gpt(nn.functional.embedding(tokens, self.weight))
        return at_last(features, length)


def at_last(features: Tensor, length: Tensor) -> Tensor:
    """Return the features of each row's last token, `(B, size)`, from `(B, T, size)` and lengths from 1."""
    return features[torch.arange(len(length), device=length.device), length - 1]


def make_causal_reader(
    shape: TextShape, generator: torch.Generator, *, size: int = 64, layers: int = 2, heads: int = 2
) -> CausalReader:
    """Return a reader that learns from scratch; `size`, `layers` and `heads` are those of its `GPT`."""
    gpt = GPT(size, size, layers, heads, shape.longest, generator)
    return CausalReader(shape.vocabulary, gpt, generator)


class TextEncoder(nn.Module):
    """Encodes observations with a text: its features, then those of all other keys.

    A text of no token at all has the features 0.

    Args:
        reader: of the text.
        rest: of a dict with the other keys; None if there are none.
    """

    def __init__(self, reader: TextReader, rest: Any = None) -> None:
        super().__init__()
        self.reader = reader
        self.rest = rest
        self.size = reader.size + (rest.size if rest is not None else 0)

    def forward(self, obs: Mapping[str, Any]) -> Tensor:
        """Return the features, `(B, size)` float32, of a dict with the keys "tokens" and "length"."""
        tokens, length = obs[TOKENS].long(), obs[LENGTH].long().reshape(-1)
        features = self.reader(tokens, length.clamp(min=1)) * (length > 0).unsqueeze(1)
        return features if self.rest is None else torch.cat([features, self.rest(obs)], 1)


def text_shape(space: spaces.Space[Any]) -> TextShape | None:
    """Return how large the texts of an observation space are; None if it has no text.

    Raises:
        TypeError: if the tokens are no row of integers from 0, or their length is no integer up to T.
    """
    if not isinstance(space, spaces.Dict) or not {TOKENS, LENGTH} <= space.keys():
        return None
    tokens, length = space[TOKENS], space[LENGTH]
    low, high = _bounds(tokens)
    if high is None or tokens.shape is None or len(tokens.shape) != 1 or low != 0:
        raise TypeError(f"{TOKENS}: got {tokens}, expected a Box of integers from 0, of one axis")
    longest = tokens.shape[0]
    least, most = _bounds(length)
    if most is None or length.shape not in ((), (1,)) or least < 0 or most > longest:
        raise TypeError(f"{LENGTH}: got {length}, expected one integer from 0 to {longest}")
    return TextShape(high + 1, longest)


def without_text(space: spaces.Dict) -> dict[str, spaces.Space[Any]]:
    """Return the other parts of a space with a text."""
    return {key: part for key, part in space.items() if key not in (TOKENS, LENGTH)}


def _bounds(space: spaces.Space[Any]) -> tuple[int, int | None]:
    """Return the least and the greatest integer of a space; None if it has none."""
    if isinstance(space, spaces.Box) and np.issubdtype(space.dtype, np.integer):
        return int(space.low.min()), int(space.high.max())
    if isinstance(space, spaces.Discrete):
        return int(space.start), int(space.start + space.n - 1)
    if isinstance(space, spaces.MultiDiscrete):
        return int(space.start.min()), int((space.start + space.nvec - 1).max())
    return 0, None
