"""Target networks: slowly moving copies of the Q-network that bootstrap values come from."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from dqn_fast.agent.network_copy import NetworkCopy
from dqn_fast.agent.networks.q_network import QNetwork
from dqn_fast.agent.optimizers.parameters import FlatParameters


class Target(Protocol):
    """A target network and the rule by which it follows the Q-network."""

    target_net: QNetwork

    def update(self, updates: int, going: float | Tensor = 1.0) -> None:
        """Follow the Q-network; called once after every learner update.

        Args:
            updates: learner updates so far, the one just made included.
            going: 1, or a scalar on the device that is 1 or 0: where it is 0 nothing changes.
        """
        ...


class HardTarget:
    """A full copy every `target_update_period` learner updates (Mnih et al., 2015).

    Args:
        q_net: the network to follow. The target starts as its copy.
        parameters: of `q_net`.
        target_update_period: learner updates from one copy to the next.

    Raises:
        ValueError: if `target_update_period` is below 1.
    """

    def __init__(self, q_net: QNetwork, parameters: FlatParameters, target_update_period: int) -> None:
        if target_update_period < 1:
            raise ValueError(
                f"target_update_period: got {target_update_period}, expected at least 1 learner update"
            )
        self.target_update_period = target_update_period
        self._copy = NetworkCopy(q_net, parameters)
        self.target_net = self._copy.net

    def update(self, updates: int, going: float | Tensor = 1.0) -> None:
        """Copy the Q-network if `updates` is a multiple of the period."""
        if updates % self.target_update_period:
            return
        if isinstance(going, Tensor):
            self._copy.approach(going)
        else:
            self._copy.copy()


class SoftTarget:
    """A step of length `tau` towards the Q-network after every learner update (Lillicrap et al., 2016).

    target ← target + tau · (online - target), also called Polyak averaging.

    Args:
        q_net: the network to follow. The target starts as its copy.
        parameters: of `q_net`.
        tau: share of the way in one learner update, in (0, 1]; 1 is a copy.

    Raises:
        ValueError: if `tau` is outside (0, 1].
    """

    def __init__(self, q_net: QNetwork, parameters: FlatParameters, tau: float) -> None:
        if not 0 < tau <= 1:
            raise ValueError(f"tau: got {tau}, expected above 0 and at most 1")
        self.tau = tau
        self._copy = NetworkCopy(q_net, parameters)
        self.target_net = self._copy.net

    def update(self, updates: int, going: float | Tensor = 1.0) -> None:
        """Move towards the Q-network, whatever the number of `updates`."""
        self._copy.approach(self.tau * going)
