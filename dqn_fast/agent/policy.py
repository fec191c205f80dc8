"""Policies: from observations to actions, with whatever they remember in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from dqn_fast import trees
from dqn_fast.agent.exploration import Actions, Exploration, NoExploration
from dqn_fast.agent.fast import make_q_values
from dqn_fast.agent.networks.action_mask import legal_actions
from dqn_fast.agent.networks.prior import PriorAlone, PriorValues
from dqn_fast.agent.networks.q_network import QNetwork
from dqn_fast.agent.networks.sequence_network import SequenceNetwork
from dqn_fast.agent.sampling import Sampling
from dqn_fast.agent.sequence_policy import SequencePolicy


class Policy(Protocol):
    """Acts in N environments. Collectors, evaluations, videos and checkpoints need no more than this."""

    def act(self, obs: Any, step: int) -> Actions:
        """Return an action for each environment, `(N,)` int64.

        Args:
            obs: N observations: an array `(N, ...)`, or a (nested) dict of them.
            step: environment step of these actions; it decides how much the policy explores.
        """
        ...

    def observe(self, reward: npt.NDArray[Any]) -> None:
        """Take in what the latest actions earned, `(N,)`; called after every step, before `extras`."""
        ...

    def reset(self, rows: Sequence[int]) -> None:
        """Forget the episodes of these environments: new ones begin.

        Args:
            rows: environments, each from 0 to N - 1; may be empty.
        """
        ...

    def extras(self) -> Mapping[str, npt.NDArray[Any]]:
        """Return what the buffer stores beside the latest step, by name, `(N, ...)` each.

        Names, shapes and dtypes never change. They must be known before the first step, when the buffer is
        made.
        """
        ...

    def figures(self, step: int) -> dict[str, float]:
        """Return numbers for reports as of environment step `step`, such as `{"epsilon": 0.1}`."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return everything that changes from step to step, except the network's parameters."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        ...


class FeedForwardPolicy:
    """The policy of a network without memory: its best action, or a random one to explore.

    Args:
        q_net: the network to ask. Changes of its parameters in place take effect at once.
        exploration: when to act otherwise.
    """

    def __init__(self, q_net: QNetwork, exploration: Exploration) -> None:
        self.exploration = exploration
        self._q_values = make_q_values(q_net)

    def act(self, obs: Any, step: int) -> Actions:
        """Return legal actions, `(N,)` int64; the first of equally good ones.

        The network is asked only if at least one environment acts greedily.
        """
        return self.exploration.choose(lambda: self._q_values(obs), step, lambda: legal_actions(obs))

    def observe(self, reward: npt.NDArray[Any]) -> None:
        """Do nothing: observations are enough to act."""

    def reset(self, rows: Sequence[int]) -> None:
        """Do nothing: there is nothing to forget."""

    def extras(self) -> Mapping[str, npt.NDArray[Any]]:
        """Return an empty dict: observations are enough to learn from."""
        return {}

    def figures(self, step: int) -> dict[str, float]:
        """Return the numbers of the exploration."""
        return self.exploration.figures(step)

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the exploration."""
        return {"exploration": self.exploration.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        self.exploration.load_state_dict(state["exploration"])


def make_policy(
    q_net: QNetwork, exploration: Exploration, num_envs: int = 1, *, store_state: bool = False
) -> Policy:
    """Return the policy that acts by a network, with memory or without.

    Args:
        q_net: the network to ask. Changes of its parameters in place take effect at once.
        exploration: when to act otherwise.
        num_envs: number of environments.
        store_state: whether what a network remembers is stored beside each step (`SequencePolicy`).
    """
    if isinstance(q_net, SequenceNetwork):
        return SequencePolicy(q_net, exploration, num_envs, store_state=store_state)
    return FeedForwardPolicy(q_net, exploration)


def without_exploration(q_net: QNetwork) -> Exploration:
    """Return how a network acts when nothing is to be learned from it: by its best action.

    Where values are the logits of a policy, actions are drawn from it instead, from a fixed seed.
    """
    if isinstance(q_net.representation, PriorValues | PriorAlone):
        return Sampling(np.random.default_rng(0))
    return NoExploration()


class Greedy:
    """Chooses the action with the largest value for one observation; the first of equal ones.

    Where values are the logits of a policy, it draws from it (`without_exploration`).

    For a network that remembers, call `reset` where an episode begins, and `observe` after each step.

    Args:
        q_net: the network to ask. Changes of its parameters in place take effect at once.
    """

    def __init__(self, q_net: QNetwork) -> None:
        self._policy = make_policy(q_net, without_exploration(q_net))

    def __call__(self, obs: Any) -> int:
        """Return the greedy action.

        Args:
            obs: one observation, of the shape and dtype that the network was trained on: an array, a number,
                or a (nested) dict of them. It is not checked here. `dqn_fast.training.build_env` makes an
                environment that checks its observations, and `dqn_fast.envs.checked` wraps your own.
        """
        return self._policy.act(trees.one_row(obs), 0).item()

    def observe(self, reward: float) -> None:
        """Take in what the action earned; only networks that remember use it."""
        self._policy.observe(np.array([reward], np.float64))

    def reset(self) -> None:
        """Forget the episode: a new one begins; only networks that remember need it."""
        self._policy.reset((0,))
