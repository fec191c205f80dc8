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
        UsageError: if it lacks one of them.
    """

    def __init__(self, domain: DialogDomain) -> None:
        self._script = [
            *(domain.index_of("request", slot) for slot in _QUESTIONS),
            domain.index_of("inform", TASK_COMPLETE),
            domain.index_of("thanks"),
        ]

    def act(self, step: int) -> int:
        """Return the action of a step of the dialogue, from 0; the last one is repeated."""
        return self._script[min(step, len(self._script) - 1)]


class RandomAgent:
    """Takes any action, each with the same probability.

    Args:
        domain: of the dialogues.
        seed: of its choices.
    """

    def __init__(self, domain: DialogDomain, seed: int) -> None:
        self._num_actions = len(domain.actions)
        self._rng = np.random.default_rng(seed)

    def act(self, step: int) -> int:
        """Return an action, whatever the step."""
        return int(self._rng.integers(self._num_actions))
