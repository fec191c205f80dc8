"""Builds the Q-network of a run: one of a name, or a class of a person's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from gymnasium import spaces

from dqn_fast.agent import (
    DATA_EFFICIENT,
    MINATAR,
    NATURE,
    ImplicitValues,
    QNetwork,
    Scalar,
    SmallImageError,
    make_q_net,
    q_net_of_own,
)
from dqn_fast.errors import SettingError, UsageError
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.parts.own import call_own, own_error

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
        return builder(config, observation_space, action_space, generator)
    except SmallImageError as error:
        raise SettingError("convolutions", config.convolutions, f"smaller ones: {error}") from error
    except UsageError:
        raise
    except (TypeError, ValueError) as error:
        raise UsageError(f"{config.env_id} does not fit: {error}") from error


def _feed_forward(
    config: TrainConfig, observation_space: spaces.Space[Any], action_space: Any, generator: torch.Generator
) -> QNetwork:
    return make_q_net(
        observation_space,
        action_space,
        config.hidden_sizes,
        generator,
        dueling=config.dueling,
        convolutions=_CONVOLUTIONS[config.convolutions],
        embedding=config.embedding,
        representation=ImplicitValues(config.iql_beta) if config.objective == "iql" else Scalar(),
    )


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
NETWORKS: dict[str, Builder] = {"feedforward": _feed_forward}
