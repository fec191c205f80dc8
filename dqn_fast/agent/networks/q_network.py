"""Q-networks: from observations to outputs for each action, and the values that these mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from gymnasium import spaces
from torch import Tensor, nn

from dqn_fast.agent.networks.action_mask import (
    ILLEGAL,
    has_action_mask,
    mask_illegal,
    without_action_mask,
)
from dqn_fast.agent.networks.encoders import Encoder, make_encoder
from dqn_fast.agent.networks.image_encoder import Conv
from dqn_fast.agent.networks.layers import make_hidden, make_linear, make_mlp
from dqn_fast.agent.networks.representation import SCALAR, Representation
from dqn_fast.observation_keys import ACTION_MASK


class QNetwork(nn.Module):
    """Outputs for each action: an encoder, a body and a head; and what the outputs mean.

    Args:
        encoder: observations as the environment gives them to `(B, features)` float32.
        body: features to features.
        head: features to outputs, float32: `(B, num_actions)`, or `(B, num_actions, outputs_per_action)` if
            the representation has several.
        num_actions: actions are 0 ... num_actions - 1.
        representation: gives action values from outputs.
    """

    def __init__(
        self,
        encoder: Encoder,
        body: nn.Module,
        head: nn.Module,
        num_actions: int,
        representation: Representation = SCALAR,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.body = body
        self.head = head
        self.num_actions = num_actions
        self.representation = representation

    def forward(self, obs: Any) -> Tensor:
        """Return the outputs, as the head has them; with the usual representation, q `(B, num_actions)`.

        Args:
            obs: a tensor `(B, *observation shape)`, or a (nested) dict of them.
        """
        outputs: Tensor = self.head(self.body(self.encoder(obs)))
        return outputs

    def values(self, outputs: Tensor) -> Tensor:
        """Return the action values, `(B, num_actions)`, that `outputs` of this network mean; only read."""
        return self.representation.values(outputs)


class MaskedQNetwork(QNetwork):
    """A network in which illegal actions have the lowest value of all, so that no maximum ever takes them.

    All outputs of an illegal action are `ILLEGAL`. That is its value, too, whatever the representation would
    make of such outputs: a mean of them may overflow, and a softmax would see nothing unusual.
    """

    def forward(self, obs: Mapping[str, Any]) -> Tensor:
        """Return the outputs, as the head has them, for a dict that holds an action mask."""
        return mask_illegal(super().forward(obs), obs[ACTION_MASK])

    def values(self, outputs: Tensor) -> Tensor:
        """Return the action values, `(B, num_actions)`, that `outputs` of this network mean; only read."""
        values = super().values(outputs)
        if values is outputs:
            return values  # masked already
        first = outputs.reshape(*values.shape, -1)[..., 0]  # of each action's outputs
        return values.masked_fill(first == ILLEGAL, ILLEGAL)


class DuelingHead(nn.Module):
    """A state's value plus each action's advantage over the mean (Wang et al., 2016, equation 9).

    With several outputs per action each of them has a value and advantages of its own.

    Args:
        value: features to `(B, 1)`, or `(B, 1, outputs per action)`.
        advantage: features to `(B, num_actions)`, or `(B, num_actions, outputs per action)`.
    """

    def __init__(self, value: nn.Module, advantage: nn.Module) -> None:
        super().__init__()
        self.value = value
        self.advantage = advantage

    def forward(self, features: Tensor) -> Tensor:
        """Return the outputs, float32, of the shape of the advantages."""
        advantage = self.advantage(features)
        outputs: Tensor = advantage + (self.value(features) - advantage.mean(1, keepdim=True))
        return outputs


def make_q_net(
    observation_space: spaces.Space[Any],
    action_space: spaces.Space[Any],
    hidden_sizes: Sequence[int],
    generator: torch.Generator,
    *,
    dueling: bool = False,
    convs: Sequence[Conv] | None = None,
    representation: Representation = SCALAR,
) -> QNetwork:
    """Return a network that fits the spaces: their encoder, hidden layers, and outputs for each action.

    With `dueling` the last hidden layer is there twice, once for the value and once for the advantages, and
    everything before it is shared. Behind convolutions with one hidden layer that is the network of Wang et
    al. (2016) and of Rainbow; of a perceptron it is the one of their corridor.

    Args:
        observation_space: Box, MultiBinary, Discrete, MultiDiscrete, or Dict of these. The key "action_mask"
            at the top of a Dict is no feature, but says which actions are legal (see `action_mask`).
        action_space: Discrete, starting at 0.
        hidden_sizes: outputs of each hidden layer behind the encoder.
        generator: source of the initial weights.
        dueling: value and advantages apart.
        convs: the convolutions for images; None chooses by their size (`make_image_encoder`).
        representation: what the outputs mean, and how many there are for each action.

    Raises:
        TypeError: a space is of another kind, or a mask doesn't fit the actions.
        ValueError: a hidden size is below 1, or an image is smaller than the convolutions need.
    """
    if not isinstance(action_space, spaces.Discrete) or action_space.start != 0:
        raise TypeError(f"the action space is {action_space}, expected Discrete, starting at 0")
    if hidden_sizes and min(hidden_sizes) < 1:
        raise ValueError(f"hidden_sizes: got {tuple(hidden_sizes)}, expected each at least 1")
    num_actions = int(action_space.n)
    kind = QNetwork
    if has_action_mask(observation_space, num_actions):
        kind, observation_space = MaskedQNetwork, without_action_mask(observation_space)  # type: ignore[arg-type]
    encoder = make_encoder(observation_space, generator, convs)
    sizes = [encoder.size, *hidden_sizes]
    each = representation.outputs_per_action
    if not dueling:
        body = make_hidden(sizes, generator)
        head = _per_action(make_linear(sizes[-1], num_actions * each, generator), num_actions, each)
        return kind(encoder, body, head, num_actions, representation)
    shared = max(1, len(hidden_sizes))
    body, features = make_hidden(sizes[:shared], generator), sizes[shared - 1 :]
    streams = [
        _per_action(make_mlp([*features, rows * each], generator), rows, each) for rows in (1, num_actions)
    ]
    return kind(encoder, body, DuelingHead(*streams), num_actions, representation)


def _per_action(layers: nn.Module, rows: int, each: int) -> nn.Module:
    """Layers whose outputs are `(B, rows)`, or `(B, rows, each)` if there are several in a row."""
    return layers if each == 1 else nn.Sequential(layers, nn.Unflatten(1, (rows, each)))
