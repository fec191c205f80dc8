"""Acting on the CPU while the network learns on another device."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy.typing as npt
import torch

from dqn_fast.agent.exploration import Actions
from dqn_fast.agent.network_copy import NetworkCopy
from dqn_fast.agent.networks.q_network import QNetwork
from dqn_fast.agent.optimizers.parameters import FlatParameters
from dqn_fast.agent.policy import Policy


class CopyPolicy:
    """Acts on the CPU by a copy of a network on another device.

    The weights are copied, in one piece, at the first action after they changed. So actions are always those
    of the current weights, and no update is late. The copy waits for the updates that are enqueued, as the
    device's own answer would; until the next update the device is not asked for anything.

    Args:
        q_net: the network; its `version` says when to copy it.
        parameters: of `q_net`.
        make: makes the policy that acts, by the network on the CPU that it is given.
    """

    def __init__(
        self, q_net: QNetwork, parameters: FlatParameters, make: Callable[[QNetwork], Policy]
    ) -> None:
        self._q_net = q_net
        self._copy = NetworkCopy(q_net, parameters, torch.device("cpu"))
        self._policy = make(self._copy.net)
        self._version = q_net.version

    def act(self, obs: Any, step: int) -> Actions:
        """Return the actions of the current weights, `(N,)` int64; see `Policy`."""
        if self._version != self._q_net.version:
            self._version = self._q_net.version
            self._copy.copy()
        return self._policy.act(obs, step)

    def observe(self, reward: npt.NDArray[Any]) -> None:
        """Take in what the latest actions earned."""
        self._policy.observe(reward)

    def reset(self, rows: Sequence[int]) -> None:
        """Forget the episodes of these environments."""
        self._policy.reset(rows)

    def extras(self) -> Mapping[str, npt.NDArray[Any]]:
        """Return what the buffer stores beside the latest step."""
        return self._policy.extras()

    def figures(self, step: int) -> dict[str, float]:
        """Return numbers for reports as of environment step `step`."""
        return self._policy.figures(step)

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the policy that acts; the weights are the network's."""
        return self._policy.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        self._policy.load_state_dict(state)
