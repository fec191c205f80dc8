"""ε-greedy exploration, also with lasting random actions (εz-greedy) or an ε for each environment (Ape-X)."""

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
    taken with probability 1 - epsilon + epsilon / num_actions. Each environment decides for itself.

    With `repeat`, a random action lasts for a number of steps drawn from a zeta distribution of that
    exponent: most often one, now and then a hundred (εz-greedy, Dabney et al., 2021). That helps where single
    random actions undo each other.

    With `spread`, each environment has its own epsilon, as in Ape-X (Horgan et al., 2018; there epsilon is
    0.4 and the spread 7): environment i of N explores with epsilon ** (1 + spread · i / (N - 1)). So some
    hardly leave the greedy policy, while others explore widely. With several actors, the N environments are
    those of all of them, and `first_env` says which of them these are.

    Args:
        epsilon_schedule: probability of a random action, in [0, 1], at each environment step.
        num_actions: actions are 0 ... num_actions - 1.
        generator: the only source of randomness. Each call draws two numbers for each environment, and more
            for environments that explore with `repeat`.
        num_envs: number of environments.
        spread: of the exponents; 0 gives all environments the same epsilon.
        first_env: number of the first of these environments among all.
        total_envs: number of all environments; None: these.
        repeat: exponent of the zeta distribution, above 1 (2 in the paper); 0 takes each random action once.

    Raises:
        ValueError: if `num_actions` or `num_envs` is below 1, these environments are not among all, `spread`
            is negative, or `repeat` is neither 0 nor above 1.
    """

    def __init__(
        self,
        epsilon_schedule: Schedule,
        num_actions: int,
        generator: np.random.Generator,
        *,
        num_envs: int = 1,
        spread: float = 0.0,
        first_env: int = 0,
        total_envs: int | None = None,
        repeat: float = 0.0,
    ) -> None:
        for name, value in (("num_actions", num_actions), ("num_envs", num_envs)):
            if value < 1:
                raise ValueError(f"{name}: got {value}, expected at least 1")
        if not 0 <= first_env <= (total_envs or num_envs) - num_envs:
            got = f"{first_env} to {first_env + num_envs - 1}"
            raise ValueError(f"first_env: got environments {got}, expected some of {total_envs or num_envs}")
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
        self._exponents = [
            1 + spread * i / max((total_envs or num_envs) - 1, 1)
            for i in range(first_env, first_env + num_envs)
        ]

    def choose(self, values: Callable[[], npt.NDArray[Any]], step: int, legal: Legal) -> Actions:
        """Return an action for each environment, `(num_envs,)` int64.

        Args:
            values: returns the values of all actions, `(num_envs, num_actions)`; called unless all
                environments explore. The greedy action is the first of the best ones.
            step: environment step of these actions.
            legal: returns which actions are legal, `(num_envs, num_actions)`; called if any explores.
        """
        epsilon = self.epsilon_schedule(step)
        # Lists: for a few environments they are quicker than arrays. Either way the numbers are the same.
        draw = self.generator.random
        draws = [draw(), draw()] if self.num_envs == 1 else draw(2 * self.num_envs).tolist()
        coins = draws[: self.num_envs]
        # No exponent is below 1, so no epsilon is above this one. In most steps no environment explores.
        if min(coins) >= epsilon and not (self.repeat and any(self._left)):
            best: Actions = values().argmax(1)
            return best
        picks = draws[self.num_envs :]
        explorers = [
            env for env, coin in enumerate(coins) if coin < epsilon ** self._exponents[env] or self._left[env]
        ]
        actions = values().argmax(1) if len(explorers) < self.num_envs else np.empty(self.num_envs, np.int64)
        allowed = legal() if explorers else None
        for env in explorers:
            actions[env] = self._random(env, picks[env], None if allowed is None else allowed[env])
        return actions

    def figures(self, step: int) -> dict[str, float]:
        """Return the epsilon of environment step `step`, before the spread."""
        return {"epsilon": self.epsilon_schedule(step)}

    def state_dict(self) -> dict[str, Any]:
        """Return everything that changes from call to call."""
        return {
            "generator": self.generator.bit_generator.state,
            "repeated": list(self._repeated),
            "left": list(self._left),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        self.generator.bit_generator.state = state["generator"]
        self._repeated, self._left = list(state["repeated"]), list(state["left"])

    def _random(self, env: int, pick: float, legal: npt.NDArray[np.bool_] | None) -> int:
        """Return the action of an environment that explores: a new one, or the one that it repeats."""
        if self._left[env] and (legal is None or legal[self._repeated[env]]):
            self._left[env] -= 1
            return self._repeated[env]
        # A pick is below 1, and its product with the number of actions is rounded to below that number.
        if legal is None:
            action = int(pick * self.num_actions)
        else:
            allowed = np.flatnonzero(legal)
            action = int(allowed[int(pick * len(allowed))])
        if self.repeat:
            self._repeated[env] = action
            self._left[env] = min(int(self.generator.zipf(self.repeat)), _LONGEST) - 1
        return action
