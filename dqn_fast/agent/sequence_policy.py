"""The policy of a network that remembers: its state goes on from step to step, for an episode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from dqn_fast import trees
from dqn_fast.agent.exploration import Actions, Exploration
from dqn_fast.agent.fast import as_array, device_of, tensor_maker
from dqn_fast.agent.networks.action_mask import legal_actions
from dqn_fast.agent.networks.sequence_network import SequenceNetwork
from dqn_fast.agent.networks.windows import Inputs

#: The prefix of the names of the state's stored parts.
STATE = "state_"


class SequencePolicy:
    """Takes the best action given all that was seen in the episode, or a random one to explore.

    Args:
        q_net: the network to ask. Changes of its parameters in place take effect at once.
        exploration: when to act otherwise.
        num_envs: number of environments.
        store_state: whether the buffer stores the state before each step (the stored state of R2D2,
            Kapturowski et al., 2019).
    """

    def __init__(
        self,
        q_net: SequenceNetwork,
        exploration: Exploration,
        num_envs: int = 1,
        *,
        store_state: bool = False,
    ) -> None:
        self.exploration = exploration
        self._q_net = q_net
        self._store_state = store_state
        self._state = self._before = q_net.start(num_envs)
        self._device = device_of(q_net)
        self._as_input = tensor_maker(self._device)
        self._action = torch.zeros(num_envs, dtype=torch.int64, device=self._device)
        self._reward = torch.zeros(num_envs, device=self._device)

    @torch.no_grad()
    def act(self, obs: Any, step: int) -> Actions:
        """Return legal actions, `(N,)` int64; the first of equally good ones.

        The network is asked at every step, since it must see all of them.
        """
        self._before = self._state
        inputs = Inputs(trees.map(self._as_input, obs), self._action, self._reward)
        outputs, self._state = self._q_net.step(inputs, self._state)
        values = self._q_net.values(outputs)
        actions = self.exploration.choose(lambda: as_array(values), step, lambda: legal_actions(obs))
        self._action = self._as_input(actions.copy())
        return actions

    def observe(self, reward: npt.NDArray[Any]) -> None:
        """Take in what the latest actions earned."""
        self._reward = self._as_input(reward.astype(np.float32))

    def reset(self, rows: Sequence[int]) -> None:
        """Forget the episodes of these environments."""
        if not rows:
            return
        self._state = self._q_net.model.forget(self._state, rows)
        at = torch.tensor(list(rows), dtype=torch.int64).to(self._device)
        self._action.index_fill_(0, at, 0)
        self._reward.index_fill_(0, at, 0)

    def extras(self) -> Mapping[str, npt.NDArray[Any]]:
        """Return the state before the latest step, if it is to be stored."""
        if not self._store_state:
            return {}
        return {STATE + name: as_array(part) for name, part in self._before.items()}

    def figures(self, step: int) -> dict[str, float]:
        """Return the numbers of the exploration."""
        return self.exploration.figures(step)

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the exploration, and what is remembered."""
        return {
            "exploration": self.exploration.state_dict(),
            "state": self._state,
            "action": self._action.clone(),
            "reward": self._reward.clone(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        self.exploration.load_state_dict(state["exploration"])
        self._state = {name: part.to(self._device) for name, part in state["state"].items()}
        self._action, self._reward = (
            state[name].to(self._device, copy=True) for name in ("action", "reward")
        )
