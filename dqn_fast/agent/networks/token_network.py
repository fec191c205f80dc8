"""Q-networks whose steps are tokens: the episode so far is a text, and a causal model reads it.

One pass gives the values behind every token, and acting goes on from what the model keeps. With many actions,
such as a vocabulary, no tensor holds the values of all of them at all steps (see `many_actions`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor, nn

from dqn_fast.agent.networks.action_mask import has_action_mask, without_action_mask
from dqn_fast.agent.networks.make import make_q_net, num_actions_of
from dqn_fast.agent.networks.many_actions import ManyActions
from dqn_fast.agent.networks.q_network import DuelingHead, QNetwork
from dqn_fast.agent.networks.representation import SCALAR, Representation
from dqn_fast.agent.networks.sequence_network import REMEMBERED, SequenceModel, SequenceNetwork
from dqn_fast.agent.networks.windows import Inputs
from dqn_fast.observation_keys import ACTION_MASK


class TokenModel(SequenceModel, Protocol):
    """A sequence model whose features are tokens, `(B, T)` int64, from 0 to `vocabulary` - 1."""

    vocabulary: int


class TokenIds(nn.Module):
    """Takes the token of each observation: `(B,)` int64, from 0.

    Args:
        key: of the token in a dict; None where the observation is the token.
        start: the smallest token.
    """

    size = 1

    def __init__(self, key: str | None, start: int) -> None:
        super().__init__()
        self.key, self.start = key, start

    def forward(self, obs: Tensor | Mapping[str, Tensor]) -> Tensor:
        """Return the tokens, `(B,)` int64."""
        token: Tensor = obs if self.key is None else obs[self.key]  # type: ignore[assignment,index]
        return token.long() - self.start


class TokenNetwork(SequenceNetwork):
    """A sequence network whose model takes tokens, and neither actions nor rewards."""

    def _features(self, inputs: Inputs) -> Tensor:
        return self.encoder(inputs.flat().obs).reshape(inputs.reward.shape)


def make_token_net(
    observation_space: spaces.Space[Any],
    action_space: spaces.Space[Any],
    model: TokenModel,
    hidden_sizes: Sequence[int],
    generator: torch.Generator,
    *,
    dueling: bool = False,
    representation: Representation = SCALAR,
) -> TokenNetwork:
    """Return a network for observations of one token each: a causal model, hidden layers, and outputs.

    Args:
        observation_space: Discrete, or a Dict with one such part beside an action mask.
        action_space: as for `make_q_net`.
        model: reads the tokens.
        hidden_sizes: outputs of each hidden layer behind the model.
        generator: source of the initial weights behind the model.
        dueling: as for `make_q_net`.
        representation: as for `make_q_net`.

    Raises:
        TypeError: if observations are no single token, or as `make_q_net`.
        ValueError: if there are more tokens than the model knows, or as `make_q_net`.
    """
    num_actions = num_actions_of(action_space)
    masked = has_action_mask(observation_space, num_actions)
    found = token_part(without_action_mask(observation_space) if masked else observation_space)  # type: ignore[arg-type]
    if found is None:
        raise TypeError(f"observation_space: got {observation_space}, expected Discrete, a token each step")
    key, tokens = found
    if tokens.n > model.vocabulary:
        raise ValueError(f"tokens: got {tokens.n:,}, expected at most the {model.vocabulary:,} of the model")
    remembered: spaces.Space[Any] = spaces.Box(-np.inf, np.inf, (model.size,), np.float32)
    if masked:
        remembered = spaces.Dict({REMEMBERED: remembered, ACTION_MASK: observation_space[ACTION_MASK]})  # type: ignore[index]
    q_net = make_q_net(
        remembered, action_space, hidden_sizes, generator, dueling=dueling, representation=representation
    )
    return TokenNetwork(TokenIds(key, int(tokens.start)), model, _row_by_row(q_net))


def token_part(space: spaces.Space[Any]) -> tuple[str | None, spaces.Discrete] | None:
    """Return the key and the space of the token that an observation is; None if it is none.

    The key is None where the observation itself is the token.
    """
    if isinstance(space, spaces.Discrete):
        return None, space
    if isinstance(space, spaces.Dict) and len(space.spaces) == 1:
        ((key, part),) = space.spaces.items()
        return (key, part) if isinstance(part, spaces.Discrete) else None
    return None


def _row_by_row(q_net: QNetwork) -> QNetwork:
    """Return a network that computes single values, if its head can: masks and duels look at all actions."""
    if type(q_net) is not QNetwork or isinstance(q_net.head, DuelingHead):
        return q_net
    return ManyActions(q_net.encoder, q_net.body, q_net.head, q_net.num_actions, q_net.representation)
