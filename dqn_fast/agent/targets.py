"""Target networks: the slowly moving copy of the Q-network that bootstraps are read from."""

from __future__ import annotations

import copy
from typing import Protocol

import torch
from torch import Tensor

from dqn_fast.agent.networks import QNetwork


class Target(Protocol):
    """A target network and the rule by which it follows the Q-network."""

    target_net: QNetwork

    def update(self, updates: int) -> None:
        """Follow the Q-network; called once after every learner update.

        Args:
            updates: learner updates so far, the one just made included.
        """
        ...


def _frozen_copy(q_net: QNetwork) -> QNetwork:
    return copy.deepcopy(q_net).requires_grad_(False)


def _state(net: QNetwork) -> list[Tensor]:
    return [tensor for tensor in net.state_dict().values() if tensor.is_floating_point()]


class HardTarget:
    """A full copy every `target_update_period` learner updates (Mnih et al., 2015).

    Args:
        q_net: the network to follow. The target starts as its copy.
        target_update_period: learner updates from one copy to the next.

    Raises:
        ValueError: `target_update_period` is below 1.
    """

    def __init__(self, q_net: QNetwork, target_update_period: int) -> None:
        if target_update_period < 1:
            raise ValueError(
                f"target_update_period is {target_update_period}, expected at least 1 learner update"
            )
        self.target_update_period = target_update_period
        self.target_net = _frozen_copy(q_net)
        self._pairs = list(zip(_state(self.target_net), _state(q_net), strict=True))

    @torch.no_grad()
    def update(self, updates: int) -> None:
        """Copy the Q-network if `updates` is a multiple of the period."""
        if updates % self.target_update_period == 0:
            for target, online in self._pairs:
                target.copy_(online)


class SoftTarget:
    """A step of length `tau` towards the Q-network after every learner update (Lillicrap et al., 2016).

    target ← target + tau · (online - target), also called Polyak averaging.

    Args:
        q_net: the network to follow. The target starts as its copy.
        tau: share of the way in one learner update, in (0, 1]; 1 is a copy.

    Raises:
        ValueError: `tau` is outside (0, 1].
    """

    def __init__(self, q_net: QNetwork, tau: float) -> None:
        if not 0 < tau <= 1:
            raise ValueError(f"tau is {tau}, expected above 0 and at most 1")
        self.tau = tau
        self.target_net = _frozen_copy(q_net)
        self._pairs = list(zip(_state(self.target_net), _state(q_net), strict=True))

    @torch.no_grad()
    def update(self, updates: int) -> None:
        """Move towards the Q-network, whatever the number of `updates`."""
        for target, online in self._pairs:
            target.lerp_(online, self.tau)
