"""Builds the Q-network of a run: one of a name, or a class of a person's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf
from typing import Any

import torch
from gymnasium import spaces

from dqn_fast.agent import (
    DATA_EFFICIENT,
    GPT,
    MINATAR,
    NATURE,
    ImageEncoder,
    ImplicitValues,
    PriorValues,
    QNetwork,
    Recurrent,
    Representation,
    Scalar,
    SequenceModel,
    SmallImageError,
    make_candidate_net,
    make_language_net,
    make_q_net,
    make_sequence_net,
    make_token_net,
    q_net_of_own,
)
from dqn_fast.agent.networks.language import longest_sentence
from dqn_fast.agent.networks.make_sequence import MakeSequenceModel
from dqn_fast.errors import SettingError, UsageError
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.parts.bodies import (
    build_token_model,
    build_word_model,
    is_language_model,
    reads_steps,
    text_readers,
)
from dqn_fast.training.parts.own import call_own, own_error
from dqn_fast.word_actions import WordActions

_CONVOLUTIONS = {"by-size": None, "nature": NATURE, "data-efficient": DATA_EFFICIENT, "minatar": MINATAR}

#: Builds a network from a configuration, the spaces, and the source of the initial weights. It may raise a
#: TypeError or a ValueError about the spaces.
Builder = Callable[[TrainConfig, spaces.Space[Any], Any, torch.Generator], QNetwork]


def build_q_net(
    config: TrainConfig, observation_space: spaces.Space[Any], action_space: spaces.Space[Any]
) -> QNetwork:
    """Return the Q-network of a run, with its initial weights.

    Raises:
        UsageError: if there is no network for the spaces, or a person's own class does not give one.
        SettingError: if there is no network of that name, or images are smaller than the chosen convolutions
            need.
    """
    builder = _own if ":" in config.network else NETWORKS.get(config.network)
    if builder is None:
        expected = f"one of {', '.join(NETWORKS)}, or a class of yours as module:Class"
        raise SettingError("network", repr(config.network), expected)
    generator = torch.Generator().manual_seed(config.seeds.network)
    try:
        reads_steps(config, observation_space, action_space)  # refuses a body that reads nothing
        q_net = builder(config, observation_space, action_space, generator)
    except SmallImageError as error:
        raise SettingError("convolutions", config.convolutions, f"smaller ones: {error}") from error
    except UsageError:
        raise
    except (TypeError, ValueError) as error:
        raise UsageError(f"{config.env_id} does not fit: {error}") from error
    for module in q_net.modules():
        if isinstance(module, ImageEncoder):
            module.in_bfloat16 = config.bfloat16
    return q_net


def _feed_forward(
    config: TrainConfig, observation_space: spaces.Space[Any], action_space: Any, generator: torch.Generator
) -> QNetwork:
    return make_q_net(
        observation_space,
        action_space,
        config.hidden_sizes,
        generator,
        **_common(config),
    )


def _sequential(
    config: TrainConfig, observation_space: spaces.Space[Any], action_space: Any, generator: torch.Generator
) -> QNetwork:
    if is_language_model(config, action_space):
        return _language_model(config, observation_space, action_space, generator)
    if reads_steps(config, observation_space, action_space):
        return make_token_net(
            observation_space,
            action_space,
            build_token_model(config),
            config.hidden_sizes,
            generator,
            dueling=config.dueling,
            representation=_representation(config),
        )
    if config.objective == "soft":
        raise SettingError("objective", "soft", f"another for {config.env_id}, whose actions are no words")
    return make_sequence_net(
        observation_space,
        action_space,
        partial(_SEQUENCE_MODELS[config.network], config),
        config.hidden_sizes,
        generator,
        **_common(config),
        reward_bound=1.0 if config.clip_rewards else inf,  # as rewards are stored
    )


def _language_model(
    config: TrainConfig,
    observation_space: spaces.Space[Any],
    action_space: WordActions,
    generator: torch.Generator,
) -> QNetwork:
    make_model: MakeSequenceModel = partial(_SEQUENCE_MODELS[config.network], config)
    width = config.embedding or config.sequence_units
    if config.body:
        body = build_word_model(config, longest_sentence(observation_space))
        make_model, width = (lambda inputs, generator: body), body.size
    return make_language_net(
        observation_space,
        action_space,
        make_model,
        generator,
        width=width,
        values=PriorValues(config.soft_beta) if config.objective == "soft" else None,
        hidden_sizes=config.hidden_sizes,
        rank=config.forms,
    )


def _candidates(
    config: TrainConfig, observation_space: spaces.Space[Any], action_space: Any, generator: torch.Generator
) -> QNetwork:
    if config.dueling:
        raise SettingError("dueling", True, "False with --network candidates")
    return make_candidate_net(
        observation_space,
        action_space,
        config.hidden_sizes,
        generator,
        forms=config.forms,
        embedding=config.embedding,
        make_reader=text_readers(config),
        representation=_representation(config),
    )


def _representation(config: TrainConfig) -> Representation:
    return ImplicitValues(config.iql_beta) if config.objective == "iql" else Scalar()


def _common(config: TrainConfig) -> dict[str, Any]:
    """Return the arguments that networks with memory and without have in common."""
    return {
        "dueling": config.dueling,
        "convolutions": _CONVOLUTIONS[config.convolutions],
        "embedding": config.embedding,
        "make_reader": text_readers(config),
        "representation": _representation(config),
    }


def _lstm(config: TrainConfig, inputs: int, generator: torch.Generator) -> SequenceModel:
    return Recurrent("lstm", inputs, config.sequence_units, generator)


def _gru(config: TrainConfig, inputs: int, generator: torch.Generator) -> SequenceModel:
    return Recurrent("gru", inputs, config.sequence_units, generator)


def _gpt(config: TrainConfig, inputs: int, generator: torch.Generator) -> SequenceModel:
    size, heads = config.sequence_units, config.gpt_heads
    if size % (2 * heads):
        raise SettingError("sequence_units", size, f"a multiple of {2 * heads}, twice gpt_heads")
    return GPT(inputs, size, config.gpt_layers, heads, config.gpt_span, generator)


_SEQUENCE_MODELS = {"lstm": _lstm, "gru": _gru, "gpt": _gpt}


def _own(
    config: TrainConfig, observation_space: spaces.Space[Any], action_space: Any, generator: torch.Generator
) -> QNetwork:
    if config.objective == "iql":
        raise SettingError("objective", "iql", "one of td, bc, mc, cql for a network with a single head")
    # Layers that PyTorch initialises draw from its global generator.
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(config.seeds.network)
        module = call_own("network", config.network, observation_space, action_space, generator)
        try:
            return q_net_of_own(module, observation_space, action_space)
        except TypeError as error:
            raise UsageError(f"{config.network}: {error}") from error
        except Exception as error:
            raise own_error("network", config.network, error) from error


#: What `--network` may name beside a class of a person's own.
NETWORKS: dict[str, Builder] = {
    "feedforward": _feed_forward,
    "candidates": _candidates,
    **dict.fromkeys(_SEQUENCE_MODELS, _sequential),
}
