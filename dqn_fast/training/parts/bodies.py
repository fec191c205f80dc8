"""Builds what reads texts in a run: a pretrained body, or a small model that learns from scratch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import torch
from gymnasium import spaces
from torch import nn

from dqn_fast.agent import LanguageModel, LanguageNetwork, QNetwork
from dqn_fast.agent.networks.action_mask import without_action_mask
from dqn_fast.agent.networks.held import Frozen, Shared
from dqn_fast.agent.networks.pretrained import (
    CausalBody,
    Pretrained,
    WholeTextReader,
    load_pretrained,
    word_vectors,
)
from dqn_fast.agent.networks.token_network import TokenModel, token_part
from dqn_fast.agent.networks.tokens import (
    MakeTextReader,
    TextReader,
    TextShape,
    make_causal_reader,
    text_shape,
)
from dqn_fast.errors import SettingError
from dqn_fast.training.config import TrainConfig
from dqn_fast.word_actions import WordActions


def _trained(net: nn.Module) -> nn.Module:
    return net


_WEIGHTS: dict[str, Callable[[nn.Module], nn.Module]] = {
    "frozen": Frozen,
    "shared": Shared,
    "trained": _trained,
}


def is_language_model(config: TrainConfig, action_space: Any) -> bool:
    """Return whether the network of a run is a language model, alone or below values of words."""
    writes = config.learns_sequences and config.objective in ("bc", "soft")
    return writes and isinstance(action_space, WordActions)


def reads_steps(config: TrainConfig, observation_space: spaces.Space[Any], action_space: Any) -> bool:
    """Return whether a run has a body whose text is the episode, a token or a word at each step.

    Raises:
        SettingError: if it has one that can read nothing in these observations.
        TypeError: if the text in them is malformed.
    """
    if not config.body:
        return False
    if is_language_model(config, action_space):
        return True
    features = observation_space
    if isinstance(features, spaces.Dict):
        features = without_action_mask(features)
    if text_shape(features) is not None and ":" not in config.network:
        return False
    if token_part(features) is not None and config.network == "gpt":
        return True
    expected = (
        "the keys tokens and length in observations, or one token in each (Discrete) with --network gpt,"
        f" and not --network {config.network} with {' '.join(str(features).split())}"
    )
    raise SettingError("body", config.body, expected)


def build_token_model(config: TrainConfig) -> TokenModel:
    """Return the body of a run that reads a token at each step.

    Raises:
        SettingError: if there is no such body, or its tokens see later ones.
    """
    return _causal(config, _load(config))


def build_word_model(config: TrainConfig, longest: int) -> CausalBody:
    """Return the body of a run that reads a word at each step, by its vector.

    Args:
        config: of the run.
        longest: most words of a sentence.

    Raises:
        SettingError: if there is no such body, or it cannot read such sentences.
    """
    loaded = _load(config)
    body = _causal(config, loaded)
    if body.positions < longest:
        raise SettingError(
            "body", f"{config.body} with {body.positions:,} positions", f"at least {longest:,}"
        )
    if config.embedding not in (0, body.size):
        raise SettingError("embedding", config.embedding, f"0 or {body.size}, the width of {config.body}")
    if config.stored_state:
        raise SettingError("stored_state", True, "False with a body: its state grows with the sentence")
    loaded.net.get_input_embeddings().requires_grad_(False)  # type: ignore[operator]  # words are its input
    return body


def begin_words(config: TrainConfig, q_net: QNetwork) -> None:
    """Give each word that a body knows the vector that it begins with; other networks stay as they are.

    Raises:
        SettingError: if the tokenizer of the body cannot be read, or is another body's.
    """
    if not config.body or config.from_folder or not isinstance(q_net, LanguageNetwork):
        return
    model, actions = cast(LanguageModel, q_net.body), q_net.actions
    vectors = word_vectors(_source(config), _load(config), actions.words, actions.joint)
    unknown = vectors.isnan()
    with torch.no_grad():
        model.table.copy_(torch.where(unknown, model.table, vectors))
    model.unknown_words = int(unknown.any(1).sum())


def text_readers(config: TrainConfig) -> MakeTextReader:
    """Return what makes the reader of a run's texts; it may raise a SettingError."""
    if config.body:
        return partial(_pretrained_reader, config)
    return partial(
        make_causal_reader, size=config.sequence_units, layers=config.gpt_layers, heads=config.gpt_heads
    )


def _pretrained_reader(config: TrainConfig, shape: TextShape, generator: torch.Generator) -> TextReader:
    body = _load(config)
    least = (
        ("tokens", body.config.vocab_size, shape.vocabulary),
        ("positions", body.positions, shape.longest),
    )
    for what, known, needed in least:
        if known is not None and known < needed:
            raise SettingError("body", f"{config.body} with {known:,} {what}", f"at least {needed:,}")
    net = _WEIGHTS[config.body_weights](body.net)
    return WholeTextReader(net, body.config.hidden_size, reads_first=body.kind.reads_first)


def _causal(config: TrainConfig, body: Pretrained) -> CausalBody:
    if not body.kind.is_causal:
        expected = f"gpt2 where each step is a token: tokens of {body.kind.name} see later ones"
        raise SettingError("body", config.body, expected)
    return CausalBody(_WEIGHTS[config.body_weights](body.net), body.config)


def _load(config: TrainConfig) -> Pretrained:
    return load_pretrained(_source(config), frozen=config.body_weights == "frozen")


def _source(config: TrainConfig) -> str:
    return config.body.removeprefix("hf:")
