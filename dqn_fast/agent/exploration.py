"""Exploration: how the agent leaves its greedy action."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from dqn_fast.agent.schedules import Schedule

Actions = npt.NDArray[np.int64]

# Steps that one random action is repeated for, at most.
_LONGEST = 10_000


class EpsilonGreedy:
    """A uniformly random action with probability epsilon, the greedy action otherwise.

    The random action may happen to be the greedy one, as in Mnih et al. (2015), so the greedy action is
    taken with probability 1 - epsilon + epsilon / num_actions. Every environment tosses a coin of its own.

    With a `repeat` a random action is taken for as many steps as a zeta distribution of that exponent says:
    most often one, now and then a hundred (εz-greedy, Dabney et al., 2021). That goes far where single random
    actions undo one another, and leaves everything else alone.

    With a `spread` each environment has an epsilon of its own as well, as in Ape-X (Horgan et al., 2018):
    environment i of N explores with epsilon ** (1 + spread · i / (N - 1)), so that some hardly leave the
    greedy policy while others explore widely (there, epsilon is 0.4 and the spread 7).

    Args:
        epsilon_schedule: probability of a random action, in [0, 1], at each environment step.
        num_actions: actions are 0 ... num_actions - 1.
        generator: the only source of randomness; every call takes one draw an environment from it, and
            more if somebody explores.
        num_envs: environments that act together.
        spread: of the exponents; 0 gives all environments the same epsilon.
        repeat: exponent of the zeta distribution, above 1 (2 there); 0 takes each random action once.

    Raises:
        ValueError: `num_actions` or `num_envs` is below 1, `spread` is negative, or `repeat` is neither 0
            nor above 1.
    """

    def __init__(
        self,
        epsilon_schedule: Schedule,
        num_actions: int,
        generator: np.random.Generator,
        *,
        num_envs: int = 1,
        spread: float = 0.0,
        repeat: float = 0.0,
    ) -> None:
        for name, value in (("num_actions", num_actions), ("num_envs", num_envs)):
            if value < 1:
                raise ValueError(f"{name} is {value}, expected at least 1")
        if not spread >= 0:
            raise ValueError(f"spread is {spread}, expected at least 0")
        if not (repeat == 0 or repeat > 1):
            raise ValueError(f"repeat is {repeat}, expected 0 or above 1")
        self.epsilon_schedule = epsilon_schedule
        self.num_actions = num_actions
        self.generator = generator
        self.num_envs = num_envs
        self.repeat = repeat
        self._repeated = np.zeros(num_envs, np.int64)  # the action that each environment repeats
        self._left = np.zeros(num_envs, np.int64)  # and for how many more steps
        self._exponents = 1 + spread * np.arange(num_envs) / max(num_envs - 1, 1) if spread else None

    def choose(
        self, greedy: Callable[[], Actions], step: int, legal: npt.NDArray[np.bool_] | None = None
    ) -> Actions:
        """Return an action for each environment, `(num_envs,)` int64.

        Args:
            greedy: gives the greedy actions, `(num_envs,)`; called only if somebody needs one, because
                it costs a pass through the network.
            step: environment step that the actions are for.
            legal: which actions may be taken, `(num_envs, num_actions)`; None allows all.
        """
        epsilon: Any = self.epsilon_schedule(step)
        if self._exponents is not None:
            epsilon = epsilon**self._exponents
        explores = self.generator.random(self.num_envs) < epsilon
        if self.repeat:
            explores |= self._left > 0
        explorers = int(np.count_nonzero(explores))
        if explorers == 0:
            return greedy()
        random = self._random(legal)
        if self.repeat:
            random = self._repeat(random, explores, legal)
        if explorers == self.num_envs:
            return random
        return np.where(explores, random, greedy())

    def state_dict(self) -> dict[str, Any]:
        """Return all that changes from call to call, to be saved."""
        return {
            "generator": self.generator.bit_generator.state,
            "repeated": self._repeated.tolist(),
            "left": self._left.tolist(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where the exploration was that `state` was taken from."""
        self.generator.bit_generator.state = state["generator"]
        self._repeated[:], self._left[:] = state["repeated"], state["left"]

    def _repeat(
        self, random: Actions, explores: npt.NDArray[np.bool_], legal: npt.NDArray[np.bool_] | None
    ) -> Actions:
        goes_on = self._left > 0
        if legal is not None:
            goes_on &= legal[np.arange(self.num_envs), self._repeated]
        begins = explores & ~goes_on
        durations = np.minimum(self.generator.zipf(self.repeat, self.num_envs), _LONGEST)
        self._left = np.where(begins, durations, self._left) - explores
        self._repeated = np.where(begins, random, self._repeated)
        return self._repeated

    def _random(self, legal: npt.NDArray[np.bool_] | None) -> Actions:
        if legal is None:
            return self.generator.integers(self.num_actions, size=self.num_envs)
        # The largest of one draw for each legal action is equally likely to be any of them.
        draws = self.generator.random((self.num_envs, self.num_actions))
        actions: Actions = np.where(legal, draws, -1.0).argmax(1)
        return actions
