"""Agents that learn nothing, to compare with."""

from __future__ import annotations

import numpy as np

from dqn_fast.tasks.movie_ticket.dialog import TASK_COMPLETE
from dqn_fast.tasks.movie_ticket.domain import DialogDomain

# What TC-Bot's rule agent asks for, one after the other.
_QUESTIONS = ("moviename", "starttime", "city", "date", "theater", "numberofpeople")


class RuleAgent:
    """Asks six questions in turn, books, and says thanks, whatever the user says (TC-Bot's rule agent).

    Args:
        domain: of the dialogues; it has these questions among its actions.

    Raises:
        UsageError: if it has not.
    """

    def __init__(self, domain: DialogDomain) -> None:
        self._script = [
            *(domain.index_of("request", slot) for slot in _QUESTIONS),
            domain.index_of("inform", TASK_COMPLETE),
            domain.index_of("thanks"),
        ]
        self.begin()

    def begin(self) -> None:
        """Begin a dialogue."""
        self._next = 0

    def act(self) -> int:
        """Return the next action; after the last one, that again."""
        action = self._script[min(self._next, len(self._script) - 1)]
        self._next += 1
        return action


class RandomAgent:
    """Takes any action, each with the same probability.

    Args:
        domain: of the dialogues.
        seed: of its choices.
    """

    def __init__(self, domain: DialogDomain, seed: int) -> None:
        self._num_actions = len(domain.actions)
        self._rng = np.random.default_rng(seed)

    def begin(self) -> None:
        """Begin a dialogue, which changes nothing."""

    def act(self) -> int:
        """Return an action."""
        return int(self._rng.integers(self._num_actions))
