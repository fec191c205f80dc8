"""What a pupil knows and how it learns: Bayesian knowledge tracing (Corbett & Anderson, 1995).

A skill is mastered or not. A mastered one is answered correctly unless the pupil slips, another one only by
guessing. After each exercise a skill that is not mastered may become so; nothing is forgotten. To this we add
prerequisites: a skill is hard to learn before all of its own are mastered.

The parameters are ours, within the ranges that are usual for such models:

| | probability |
|---|---|
| a skill without prerequisites is mastered at the beginning | 0.3 |
| one with prerequisites, if these are mastered | 0.3 |
| an exercise leads to mastery, prerequisites mastered | 0.25 |
| the same, a prerequisite missing | 0.02 |
| a slip | 0.1 |
| a guess | 0.2 |

| skill | needs |
|---|---|
| 0 | - |
| 1 | 0 |
| 2 | 0 |
| 3 | 1 |
| 4 | 2 |
| 5 | 3, 4 |
"""

from __future__ import annotations

import numpy as np

NEEDS: tuple[tuple[int, ...], ...] = ((), (0,), (0,), (1,), (2,), (3, 4))
KNOWN, LEARN, LEARN_EARLY, SLIP, GUESS = 0.3, 0.25, 0.02, 0.1, 0.2


class Pupil:
    """A pupil; only `mastered` shows what it knows.

    Args:
        generator: the only source of randomness.

    Attributes:
        mastered: bool, of each skill.
    """

    def __init__(self, generator: np.random.Generator) -> None:
        self._generator = generator
        self.mastered: list[bool] = []
        for needs in NEEDS:  # each skill stands behind those that it needs
            known = bool(generator.random() < KNOWN)
            self.mastered.append(known and all(self.mastered[need] for need in needs))

    def exercise(self, skill: int) -> bool:
        """Return whether the pupil answers an exercise correctly; then it may learn from it."""
        answer, learning = self._generator.random(2).tolist()
        if self.mastered[skill]:
            return bool(answer >= SLIP)
        ready = all(self.mastered[need] for need in NEEDS[skill])
        self.mastered[skill] = learning < (LEARN if ready else LEARN_EARLY)
        return bool(answer < GUESS)


class Belief:
    """The belief of a teacher who knows the parameters, given the pupil's answers; exact for a single skill.

    Each skill is traced by itself, with the probabilities of its prerequisites taken as independent.

    Attributes:
        mastery: probability that each skill is mastered.
    """

    def __init__(self) -> None:
        self.mastery: list[float] = []
        for needs in NEEDS:
            self.mastery.append(KNOWN * self._all(needs))

    def update(self, skill: int, correct: bool) -> None:
        """Take in an answer, and what the pupil may have learned from the exercise."""
        before = self.mastery[skill]
        if_mastered, if_not = (1 - SLIP, GUESS) if correct else (SLIP, 1 - GUESS)
        now = before * if_mastered / (before * if_mastered + (1 - before) * if_not)
        ready = self._all(NEEDS[skill])
        self.mastery[skill] = now + (1 - now) * (LEARN * ready + LEARN_EARLY * (1 - ready))

    def _all(self, skills: tuple[int, ...]) -> float:
        return float(np.prod([self.mastery[skill] for skill in skills]))
