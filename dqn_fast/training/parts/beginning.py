"""What a run says of itself before its first step."""

from __future__ import annotations

from typing import NamedTuple

from torch import nn

from dqn_fast.agent import LanguageModel
from dqn_fast.agent.networks.encoders import FlattenEncoder
from dqn_fast.training.parts.device import Placement


class Beginning(NamedTuple):
    """A run whose parts are all there.

    Attributes:
        placement: where its network is.
        doubts: what a person may not have meant, one line each.
    """

    placement: Placement
    doubts: tuple[str, ...] = ()


def doubts_about(q_net: nn.Module) -> tuple[str, ...]:
    """Return what a network does with observations and words that may not be meant."""
    modules = list(q_net.modules())
    largest = [module.whole_numbers_to for module in modules if isinstance(module, FlattenEncoder)]
    models = [module for module in modules if isinstance(module, LanguageModel)]
    return (
        *(
            f"whole numbers to {one:,}, read as magnitudes; tokens: a Dict with the keys tokens and length"
            for one in largest
            if one is not None
        ),
        *(
            f"vectors of {one.unknown_words:,} of {len(one.table):,} words begin random: the body has no"
            " tokenizer that knows them"
            for one in models
            if one.unknown_words
        ),
    )
