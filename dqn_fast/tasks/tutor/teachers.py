"""Teachers to compare with: they choose exercises by a rule, and learn nothing.

Each is called with an environment at its beginning, and then with every observation; it returns the skill of
the next exercise.
"""

from __future__ import annotations

import numpy as np

from dqn_fast.tasks.tutor.env import Tutor
from dqn_fast.tasks.tutor.pupil import NEEDS, Belief


class RandomTeacher:
    """Takes any skill.

    Args:
        env: whose exercises it chooses.
        seed: of the choice.
    """

    def __init__(self, env: Tutor, seed: int = 0) -> None:
        self._generator = np.random.default_rng(seed)

    def __call__(self, obs: np.ndarray) -> int:
        """Return the skill of the next exercise."""
        return int(self._generator.integers(len(NEEDS)))


class RoundRobin:
    """Takes one skill after the other, and begins again behind the last."""

    def __init__(self, env: Tutor) -> None:
        self._next = -1

    def __call__(self, obs: np.ndarray) -> int:
        """Return the skill of the next exercise."""
        self._next = (self._next + 1) % len(NEEDS)
        return self._next


class MasteryThreshold:
    """Stays with a skill until it is believed to be mastered, the usual rule of tutoring systems.

    Skills come in their order, in which each stands behind those that it needs.

    Args:
        env: whose exercises it chooses.
        threshold: probability of mastery to go on at; 0.95 in Corbett & Anderson (1995).
    """

    def __init__(self, env: Tutor, threshold: float = 0.95) -> None:
        self._threshold = threshold
        self._belief = Belief()

    def __call__(self, obs: np.ndarray) -> int:
        """Return the skill of the next exercise."""
        *exercised, correct, _ = obs.tolist()
        if any(exercised):
            self._belief.update(exercised.index(1.0), bool(correct))
        mastery = self._belief.mastery
        below = [skill for skill, probability in enumerate(mastery) if probability < self._threshold]
        return below[0] if below else int(np.argmin(mastery))


class FullInformation:
    """Sees what is mastered, and takes the first skill that is not: no other teacher does better.

    All skills count the same, and are learned equally fast once their prerequisites are mastered; the first
    skill that is not mastered never lacks one.
    """

    def __init__(self, env: Tutor) -> None:
        self._env = env

    def __call__(self, obs: np.ndarray) -> int:
        """Return the skill of the next exercise."""
        mastered = self._env.mastered
        return mastered.index(False) if False in mastered else 0
