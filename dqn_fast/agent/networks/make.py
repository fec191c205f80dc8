"""Makes the Q-network that fits two spaces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from gymnasium import spaces
from torch import nn

from dqn_fast.agent.networks.action_mask import has_action_mask, without_action_mask
from dqn_fast.agent.networks.encoders import Encoder, make_encoder, one_hot_columns
from dqn_fast.agent.networks.heads import Heads
from dqn_fast.agent.networks.image_encoder import Conv
from dqn_fast.agent.networks.layers import make_hidden, make_linear, make_mlp
from dqn_fast.agent.networks.q_network import DuelingHead, MaskedQNetwork, QNetwork
from dqn_fast.agent.networks.representation import SCALAR, Representation, SeveralHeads
from dqn_fast.agent.networks.tokens import MakeTextReader, make_causal_reader

# Limits of the first layer: every update reads and writes it several times, and makes the one-hot columns of
# a whole batch.
_MOST_BYTES = 2**30
_MOST_ONE_HOT = 10**6


def make_q_net(
    observation_space: spaces.Space[Any],
    action_space: spaces.Space[Any],
    hidden_sizes: Sequence[int],
    generator: torch.Generator,
    *,
    dueling: bool = False,
    convolutions: Sequence[Conv] | None = None,
    embedding: int = 0,
    make_reader: MakeTextReader = make_causal_reader,
    representation: Representation = SCALAR,
) -> QNetwork:
    """Return a network for the spaces: an encoder, hidden layers, and outputs for each action.

    With `dueling`, the value and the advantages each have a last hidden layer of their own, and share
    everything before it. With convolutions and one hidden layer, this is the network of Wang et al. (2016)
    and of Rainbow; without convolutions, it is the one of their corridor. The heads of a representation that
    has several share a body in the same way.

    Args:
        observation_space: Box, MultiBinary, Discrete, MultiDiscrete, or Dict of these. The key "action_mask"
            at the top of a Dict is not a feature: it says which actions are legal (see `action_mask`). The
            keys "tokens" and "length" there are a text (see `tokens`).
        action_space: Discrete, starting at 0.
        hidden_sizes: outputs of each hidden layer after the encoder.
        generator: source of the initial weights.
        dueling: learn value and advantages apart.
        convolutions: the convolutions for images; None chooses by their size (`make_image_encoder`).
        embedding: length of the learned vector of a discrete value; 0 takes one-hot vectors.
        make_reader: makes what reads a text.
        representation: what the outputs mean, and how many there are for each action.

    Raises:
        TypeError: if a space is of another kind, a mask does not fit the actions, or a text is malformed.
        SmallImageError: if an image is smaller than the convolutions need.
        ValueError: if a hidden size is below 1, the first layer would be larger than 1 GiB or read more
            than 10**6 one-hot columns, or a representation with several heads should be dueling.
    """
    num_actions = num_actions_of(action_space)
    if hidden_sizes and min(hidden_sizes) < 1:
        raise ValueError(f"hidden_sizes: got {tuple(hidden_sizes)}, expected each at least 1")
    kind = QNetwork
    if has_action_mask(observation_space, num_actions):
        kind, observation_space = MaskedQNetwork, without_action_mask(observation_space)  # type: ignore[arg-type]
    encoder = make_encoder(observation_space, generator, convolutions, embedding, make_reader)
    sizes = [encoder.size, *hidden_sizes]
    each = representation.outputs_per_action
    refuse_large(encoder, (*hidden_sizes, num_actions * each)[0])
    several = representation if isinstance(representation, SeveralHeads) else None
    if several and dueling:
        raise ValueError("dueling: got True, expected False for a representation with heads of its own")
    if not several and not dueling:
        body = make_hidden(sizes, generator)
        head = _per_action(make_linear(sizes[-1], num_actions * each, generator), num_actions, each)
        return kind(encoder, body, head, num_actions, representation)
    shared = max(1, len(hidden_sizes))
    body, features = make_hidden(sizes[:shared], generator), sizes[shared - 1 :]
    if several:
        head_sizes = several.head_sizes(num_actions).items()
        heads = Heads({name: make_mlp([*features, size], generator) for name, size in head_sizes})
        return kind(encoder, body, heads, num_actions, representation)
    streams = [
        _per_action(make_mlp([*features, rows * each], generator), rows, each) for rows in (1, num_actions)
    ]
    return kind(encoder, body, DuelingHead(*streams), num_actions, representation)


def num_actions_of(action_space: spaces.Space[Any]) -> int:
    """Return the number of actions.

    Raises:
        TypeError: if the space is not Discrete, starting at 0.
    """
    if not isinstance(action_space, spaces.Discrete) or action_space.start != 0:
        raise TypeError(f"action_space: got {action_space}, expected Discrete, starting at 0")
    return int(action_space.n)


def refuse_large(encoder: Encoder, outputs: int) -> None:
    """Refuse observations that would need too much memory, before allocating any.

    Args:
        encoder: of the observations.
        outputs: of the first layer behind it.

    Raises:
        ValueError: if that layer would be larger than 1 GiB, or read more than 10**6 one-hot columns.
    """
    columns, nbytes = one_hot_columns(encoder), 4 * encoder.size * outputs
    if columns > _MOST_ONE_HOT or nbytes > _MOST_BYTES:
        raise ValueError(
            f"observation_space: got {encoder.size:,} features, of which {columns:,} are one-hot columns;"
            f" the first layer would take {nbytes:,} bytes, expected at most {_MOST_BYTES:,} and"
            f" {_MOST_ONE_HOT:,} columns: --embedding N takes learned vectors instead of one-hot ones, and a"
            " wrapper can reduce features, such as gymnasium.wrappers.TransformObservation"
        )


def _per_action(layers: nn.Module, rows: int, each: int) -> nn.Module:
    """Return the layers with outputs `(B, rows)`, or `(B, rows, each)` if `each` is above 1."""
    return layers if each == 1 else nn.Sequential(layers, nn.Unflatten(1, (rows, each)))
