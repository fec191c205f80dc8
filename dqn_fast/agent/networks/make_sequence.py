"""Makes the Q-network with memory that fits two spaces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from gymnasium import spaces

from dqn_fast.agent.networks.action_mask import has_action_mask, without_action_mask
from dqn_fast.agent.networks.encoders import make_encoder
from dqn_fast.agent.networks.image_encoder import Conv
from dqn_fast.agent.networks.make import make_q_net, num_actions_of, refuse_large
from dqn_fast.agent.networks.representation import SCALAR, Representation
from dqn_fast.agent.networks.sequence_network import REMEMBERED, SequenceModel, SequenceNetwork
from dqn_fast.agent.networks.tokens import MakeTextReader, make_causal_reader
from dqn_fast.observation_keys import ACTION_MASK

#: Makes a sequence model for a number of input features, with weights from a generator.
MakeSequenceModel = Callable[[int, torch.Generator], SequenceModel]


def make_sequence_net(
    observation_space: spaces.Space[Any],
    action_space: spaces.Space[Any],
    make_model: MakeSequenceModel,
    hidden_sizes: Sequence[int],
    generator: torch.Generator,
    *,
    dueling: bool = False,
    convolutions: Sequence[Conv] | None = None,
    embedding: int = 0,
    make_reader: MakeTextReader = make_causal_reader,
    representation: Representation = SCALAR,
    reward_bound: float = float("inf"),
) -> SequenceNetwork:
    """Return a network for the spaces: an encoder, a sequence model, hidden layers, and outputs.

    What stands behind the model is a network of `make_q_net`.

    Args:
        observation_space: as for `make_q_net`.
        action_space: as for `make_q_net`.
        make_model: makes the sequence model, for the number of its inputs.
        hidden_sizes: outputs of each hidden layer behind the sequence model.
        generator: source of the initial weights.
        dueling: as for `make_q_net`.
        convolutions: as for `make_q_net`.
        embedding: as for `make_q_net`.
        make_reader: as for `make_q_net`.
        representation: as for `make_q_net`.
        reward_bound: the previous reward is clipped to ± this, as where rewards are stored clipped.

    Raises:
        TypeError: as `make_q_net`.
        SmallImageError: as `make_q_net`.
        ValueError: as `make_q_net`, or if `make_model` raises it.
    """
    num_actions = num_actions_of(action_space)
    masked = has_action_mask(observation_space, num_actions)
    features = without_action_mask(observation_space) if masked else observation_space  # type: ignore[arg-type]
    encoder = make_encoder(features, generator, convolutions, embedding, make_reader)
    refuse_large(encoder, 1)
    model = make_model(encoder.size + num_actions + 1, generator)
    remembered: spaces.Space[Any] = spaces.Box(-np.inf, np.inf, (model.size,), np.float32)
    if masked:
        mask = observation_space[ACTION_MASK]  # type: ignore[index]
        remembered = spaces.Dict({REMEMBERED: remembered, ACTION_MASK: mask})
    q_net = make_q_net(
        remembered,
        action_space,
        hidden_sizes,
        generator,
        dueling=dueling,
        representation=representation,
    )
    return SequenceNetwork(encoder, model, q_net, reward_bound=reward_bound)
