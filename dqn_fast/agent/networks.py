"""Q-networks: from observations to one value per action."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from gymnasium import spaces
from torch import Tensor, nn
from torch.nn.utils import skip_init

from dqn_fast.agent.encoders import make_encoder


class QNetwork(nn.Module):
    """Action values of observations: an encoder, then a body that ends in one output per action.

    Args:
        encoder: observations as the environment gives them to `(batch, features)` float32.
        body: features to `(batch, num_actions)` float32.
        num_actions: actions are 0 ... num_actions - 1.
    """

    def __init__(self, encoder: nn.Module, body: nn.Module, num_actions: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.body = body
        self.num_actions = num_actions

    def forward(self, obs: Tensor) -> Tensor:
        """Return q, `(batch, num_actions)` float32, for `obs`, `(batch, *observation shape)`."""
        q: Tensor = self.body(self.encoder(obs))
        return q


def make_mlp(sizes: Sequence[int], generator: torch.Generator) -> nn.Sequential:
    """Return linear layers of the given sizes with ReLU between them.

    Weights and biases are uniform in ±1/sqrt(inputs), PyTorch's own default for linear layers, but drawn from
    `generator` alone: the global random state is neither read nor changed.

    Args:
        sizes: inputs of the first layer, then outputs of each layer.
        generator: source of the initial weights.

    Raises:
        ValueError: fewer than two sizes, or one below 1.
    """
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"sizes is {tuple(sizes)}, expected at least two numbers, each at least 1")
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        linear = skip_init(nn.Linear, inputs, outputs)  # type: ignore[no-untyped-call]
        bound = 1 / math.sqrt(inputs)
        with torch.no_grad():
            for parameter in linear.parameters():
                parameter.uniform_(-bound, bound, generator=generator)
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def make_q_net(
    observation_space: spaces.Space[Any],
    action_space: spaces.Space[Any],
    hidden_sizes: Sequence[int],
    generator: torch.Generator,
) -> QNetwork:
    """Return a multi-layer perceptron that fits the spaces, observations flattened.

    Args:
        observation_space: Box, MultiBinary, Discrete or MultiDiscrete.
        action_space: Discrete, starting at 0.
        hidden_sizes: outputs of each hidden layer.
        generator: source of the initial weights.

    Raises:
        TypeError: a space is of another kind.
    """
    if not isinstance(action_space, spaces.Discrete) or action_space.start != 0:
        raise TypeError(f"the action space is {action_space}, expected Discrete, starting at 0")
    encoder = make_encoder(observation_space)
    num_actions = int(action_space.n)
    return QNetwork(encoder, make_mlp([encoder.size, *hidden_sizes, num_actions], generator), num_actions)
