"""What the two sides of a dialogue say to each other: dialogue acts about slots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

import numpy as np

#: Slots that have a part in the rules of the dialogue, whatever the domain.
MOVIE, PEOPLE, TICKET, TASK_COMPLETE, CLOSING = (
    *("moviename", "numberofpeople", "ticket", "taskcomplete"),
    "closing",
)

#: Values that no film or theatre has.
ANY_VALUE, NO_MATCH, AVAILABLE = "I do not care", "NO VALUE MATCHES!!!", "Ticket Available"

#: The user gives up after this many moves of both sides together.
MAX_TURNS = 40


_T = TypeVar("_T")


def one_of(choices: Sequence[_T], rng: np.random.Generator) -> _T:
    """Return one of the choices, each with the same probability."""
    return choices[int(rng.integers(len(choices)))]


class DialogAct(NamedTuple):
    """What one side says at once.

    Attributes:
        act: what kind of act it is, such as "inform".
        inform: slots that it gives, with their values.
        request: slots that it asks for.
    """

    act: str
    inform: Mapping[str, str] = {}
    request: Sequence[str] = ()


class Goal(NamedTuple):
    """What a user wants.

    Attributes:
        inform: slots that must have these values.
        request: slots whose values she wants to know before she books; the ticket is not among them.
    """

    inform: Mapping[str, str]
    request: tuple[str, ...] = ()


class Reply(NamedTuple):
    """A user's answer.

    Attributes:
        said: her dialogue act.
        success: None while the dialogue goes on; at its end, whether she got what she wanted.
    """

    said: DialogAct
    success: bool | None = None


class User(Protocol):
    """The side that wants tickets: simulated, or a person."""

    def begin(self, goal: Goal, rng: np.random.Generator) -> DialogAct:
        """Begin a dialogue, with the first act.

        Args:
            goal: what to ask for.
            rng: everything random in this dialogue comes from it.
        """

    def answer(self, agent: DialogAct) -> Reply:
        """Answer an act of the agent."""
