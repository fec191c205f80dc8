"""Reads the whole text of each observation: for any body, whether its tokens see later ones or not."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dqn_fast.agent.networks.tokens import at_last


class WholeTextReader(nn.Module):
    """The features of a text are those of its last token, or of its first one, as BERT's ([CLS]).

    A body whose tokens see later ones must read a text anew when it grows, so nothing is kept between
    decisions.

    Args:
        net: a model of transformers, or what holds it (`held`).
        size: its features.
        reads_first: take the first token.
    """

    def __init__(self, net: nn.Module, size: int, *, reads_first: bool) -> None:
        super().__init__()
        self.net = net
        self.size = size
        self.reads_first = reads_first

    def forward(self, tokens: Tensor, length: Tensor) -> Tensor:
        """Return the features of each text, `(B, size)` float32.

        Args:
            tokens: `(B, T)` int64.
            length: `(B,)` int64, from 1 to T.
        """
        is_text = torch.arange(tokens.shape[1], device=tokens.device) < length[:, None]
        found = self.net(tokens * is_text, attention_mask=is_text.long()).last_hidden_state
        return found[:, 0] if self.reads_first else at_last(found, length)
