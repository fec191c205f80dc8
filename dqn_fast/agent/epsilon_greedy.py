"""ε-greedy exploration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from dqn_fast.agent.exploration import Actions, Legal
from dqn_fast.agent.schedules import Schedule

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
        generator: the only source of randomness; every call takes two draws an environment from it, and
            more if somebody explores with `repeat`.
        num_envs: environments that act together.
        spread: of the exponents; 0 gives all environments the same epsilon.
        repeat: exponent of the zeta distribution, above 1 (2 there); 0 takes each random action once.

    Raises:
        ValueError: if `num_actions` or `num_envs` is below 1, `spread` is negative, or `repeat` is neither 0
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
                raise ValueError(f"{name}: got {value}, expected at least 1")
        if not spread >= 0:
            raise ValueError(f"spread: got {spread}, expected at least 0")
        if not (repeat == 0 or repeat > 1):
            raise ValueError(f"repeat: got {repeat}, expected 0 or above 1")
        self.epsilon_schedule = epsilon_schedule
        self.num_actions = num_actions
        self.generator = generator
        self.num_envs = num_envs
        self.repeat = repeat
        self._repeated = [0] * num_envs  # the action that each environment repeats
        self._left = [0] * num_envs  # and for how many more steps
        self._exponents = [1 + spread * i / max(num_envs - 1, 1) for i in range(num_envs)]

    def choose(self, greedy: Callable[[], Actions], step: int, legal: Legal) -> Actions:
        """Return an action for each environment, `(num_envs,)` int64.

        Args:
            greedy: gives the greedy actions, `(num_envs,)`, in an array that nobody else keeps; called
                unless all environments explore.
            step: environment step that the actions are for.
            legal: gives which actions may be taken, `(num_envs, num_actions)`; called if one explores.
        """
        epsilon = self.epsilon_schedule(step)
        # Lists: for a few environments NumPy's way to the arithmetic is the longer one.
        draws = self.generator.random(2 * self.num_envs).tolist()
        coins, picks = draws[: self.num_envs], draws[self.num_envs :]
        explorers: list[int] = []
        # No exponent is below 1, so nobody's epsilon is above this one. Most often nobody explores.
        if min(coins) < epsilon or any(self._left):
            explorers = [
                env
                for env, (coin, exponent) in enumerate(zip(coins, self._exponents, strict=True))
                if coin < epsilon**exponent or self._left[env]
            ]
        actions = greedy() if len(explorers) < self.num_envs else np.empty(self.num_envs, np.int64)
        allowed = legal() if explorers else None
        for env in explorers:
            actions[env] = self._random(env, picks[env], None if allowed is None else allowed[env])
        return actions

    def figures(self, step: int) -> dict[str, float]:
        """Return the epsilon of environment step `step`, before the spread."""
        return {"epsilon": self.epsilon_schedule(step)}

    def state_dict(self) -> dict[str, Any]:
        """Return all that changes from call to call, to be saved."""
        return {
            "generator": self.generator.bit_generator.state,
            "repeated": list(self._repeated),
            "left": list(self._left),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where the exploration was that `state` was taken from."""
        self.generator.bit_generator.state = state["generator"]
        self._repeated, self._left = list(state["repeated"]), list(state["left"])

    def _random(self, env: int, pick: float, legal: npt.NDArray[np.bool_] | None) -> int:
        """The action that an environment takes while it explores: a new one, or the one that it repeats."""
        if self._left[env] and (legal is None or legal[self._repeated[env]]):
            self._left[env] -= 1
            return self._repeated[env]
        # The largest pick below 1 times a number of actions is rounded to below that number.
        if legal is None:
            action = int(pick * self.num_actions)
        else:
            allowed = np.flatnonzero(legal)
            action = int(allowed[int(pick * len(allowed))])
        if self.repeat:
            self._repeated[env] = action
            self._left[env] = min(int(self.generator.zipf(self.repeat)), _LONGEST) - 1
        return action
