"""Policies: from observations to actions, with whatever is remembered from one to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy.typing as npt

from dqn_fast import trees
from dqn_fast.agent.exploration import Actions, Exploration, NoExploration
from dqn_fast.agent.fast import make_q_values
from dqn_fast.agent.networks.action_mask import legal_actions
from dqn_fast.agent.networks.q_network import QNetwork


class Policy(Protocol):
    """Acts in N environments. Acting, evaluation, races, video and checkpoints know only this."""

    def act(self, obs: Any, step: int) -> Actions:
        """Return an action for each environment, `(N,)` int64.

        Args:
            obs: N observations: an array `(N, ...)`, or a (nested) dict of them.
            step: environment step that the actions are for; it decides how much is explored.
        """
        ...

    def reset(self, rows: Sequence[int]) -> None:
        """Forget what was remembered of the episodes of these rows: they begin anew.

        Args:
            rows: numbers of environments, each from 0 to N - 1; none is fine.
        """
        ...

    def extras(self) -> Mapping[str, npt.NDArray[Any]]:
        """Return what the buffer stores beside the step just acted on, by name, `(N, ...)` each.

        Names, shapes and dtypes never change, and are there before the first step: the buffer is made for
        them.
        """
        ...

    def figures(self, step: int) -> dict[str, float]:
        """Return numbers for reports as of environment step `step`, such as `{"epsilon": 0.1}`."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return all that changes from step to step, to be saved; the network's parameters are not in it."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where the policy was that `state` was taken from."""
        ...


class FeedForwardPolicy:
    """The policy of a network that remembers nothing: its best action, or one to explore.

    Args:
        q_net: the network to ask. Parameters that change in place are heeded.
        exploration: how actions leave the best ones.
    """

    def __init__(self, q_net: QNetwork, exploration: Exploration) -> None:
        self.exploration = exploration
        self._q_values = make_q_values(q_net)

    def act(self, obs: Any, step: int) -> Actions:
        """Return legal actions, `(N,)` int64; the network is asked only if somebody acts greedily.

        Of equally good actions the first is taken.
        """
        return self.exploration.choose(
            lambda: self._q_values(obs).argmax(1), step, lambda: legal_actions(obs)
        )

    def reset(self, rows: Sequence[int]) -> None:
        """Do nothing: an episode leaves nothing behind."""

    def extras(self) -> Mapping[str, npt.NDArray[Any]]:
        """Return nothing: the observation says it all."""
        return {}

    def figures(self, step: int) -> dict[str, float]:
        """Return the exploration's."""
        return self.exploration.figures(step)

    def state_dict(self) -> dict[str, Any]:
        """Return the exploration's state, to be saved."""
        return {"exploration": self.exploration.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where the policy was that `state` was taken from."""
        self.exploration.load_state_dict(state["exploration"])


class Greedy:
    """The action of the largest value for one observation; the first, if several are largest.

    Args:
        q_net: the network to ask. Parameters that change in place are heeded.
    """

    def __init__(self, q_net: QNetwork) -> None:
        self._policy = FeedForwardPolicy(q_net, NoExploration())

    def __call__(self, obs: Any) -> int:
        """Return the greedy action.

        Args:
            obs: one observation as the network was trained on it: an array, a number, or a (nested) dict of
                them, of the space's shape and dtype. A network knows no space, so nothing is checked here:
                `dqn_fast.training.build_env` gives an environment whose observations are, and
                `dqn_fast.envs.checked` makes one of an environment of yours.
        """
        return self._policy.act(trees.one_row(obs), 0).item()
