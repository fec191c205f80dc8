"""Q-networks from modules of a user's own."""

from __future__ import annotations

import copy
from typing import Any, cast

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor, nn

from dqn_fast import trees
from dqn_fast.agent.networks.action_mask import has_action_mask
from dqn_fast.agent.networks.encoders import Encoder
from dqn_fast.agent.networks.q_network import MaskedQNetwork, QNetwork

_ROWS = 2  # of the observations that a module is tried with


def q_net_of_own(
    module: Any, observation_space: spaces.Space[Any], action_space: spaces.Discrete
) -> QNetwork:
    """Return the Q-network of a module that computes the values of all actions.

    The module is tried once. It is the whole network: there is no other layer, but a mask in the observations
    still takes illegal actions away. It stays in PyTorch's training mode for acting, too.

    Args:
        module: takes a tensor of B observations, as the environment gives them, or a (nested) dict of them;
            gives `(B, num_actions)` float32. Or a `QNetwork`.
        observation_space: of the environment.
        action_space: of the environment.

    Raises:
        TypeError: if it is not a module, has no parameters to learn, or gives something else.
    """
    if not isinstance(module, nn.Module):
        raise TypeError(f"network: got {type(module).__name__}, expected a torch.nn.Module")
    expected = (_ROWS, int(action_space.n))
    _check(module(_some_observations(observation_space, torch.device("cpu"))), expected)
    if isinstance(module, QNetwork):
        return module
    kind = MaskedQNetwork if has_action_mask(observation_space, expected[1]) else QNetwork
    return kind(cast(Encoder, module), nn.Identity(), nn.Identity(), expected[1])


def try_q_net(q_net: QNetwork, observation_space: spaces.Space[Any], device: torch.device) -> None:
    """Ask a network without memory once for the values of observations on a device."""
    q_net(_some_observations(observation_space, device))


def _check(outputs: Any, expected: tuple[int, int]) -> None:
    if not isinstance(outputs, Tensor):
        raise TypeError(f"outputs: got {type(outputs).__name__}, expected a float32 tensor {expected}")
    if tuple(outputs.shape) != expected or outputs.dtype != torch.float32:
        raise TypeError(
            f"outputs: got {outputs.dtype} {tuple(outputs.shape)} for {_ROWS} observations,"
            f" expected torch.float32 {expected}, a value for each action"
        )
    if not outputs.requires_grad:
        raise TypeError("outputs: got none that depend on a parameter, expected a module that can learn")


def _some_observations(space: spaces.Space[Any], device: torch.device) -> Any:
    space = copy.deepcopy(space)
    space.seed(0)
    row = trees.one_row(space.sample())
    return trees.map(lambda leaf: torch.from_numpy(np.repeat(leaf, _ROWS, axis=0)).to(device), row)
