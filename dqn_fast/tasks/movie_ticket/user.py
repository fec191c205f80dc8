"""The rule-based user: an agenda of what she still has to say (Li et al., 2016; TC-Bot's rules)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from dqn_fast.tasks.movie_ticket.dialog import (
    ANY_VALUE,
    MAX_TURNS,
    MOVIE,
    NO_MATCH,
    TASK_COMPLETE,
    TICKET,
    DialogAct,
    Goal,
    Reply,
    one_of,
)
from dqn_fast.tasks.movie_ticket.error_model import ErrorModel


class SimulatedUser:
    """A user who knows what she wants, and says it piece by piece.

    She is misled, too: a misunderstood value is the one that she remembers having said.

    Args:
        errors: of what she says after her first act.
    """

    def __init__(self, errors: ErrorModel) -> None:
        self._errors = errors

    def begin(self, goal: Goal, rng: np.random.Generator) -> DialogAct:
        """Begin a dialogue: ask for one thing, with the film and one wish at random; see `User`."""
        self._rng = rng
        self._wants, self._asks = goal.inform, (*goal.request, TICKET)
        self._turns = 0
        self._content = False  # with the last booking
        first = self._one_of(tuple(goal.inform))
        said = {first, MOVIE}
        self._history: dict[str, str] = {}
        self._inform = {slot: value for slot, value in goal.inform.items() if slot in said}
        self._rest = [*(slot for slot in goal.inform if slot not in said), *self._asks]
        self._request = [self._one_but_ticket(self._asks)]
        self._act = "request"
        return self._said()

    def answer(self, agent: DialogAct) -> Reply:
        """Answer an act of the agent; see `User`."""
        self._turns += 2
        if self._turns > MAX_TURNS:
            return Reply(DialogAct("closing"), success=False)
        self._history.update(self._inform)
        self._inform = {}
        if agent.act == "request":
            self._hear_request(agent.request[0])
        elif agent.act == "inform" and TASK_COMPLETE in agent.inform:
            self._hear_booking(agent)
        elif agent.act == "inform":
            ((slot, value),) = agent.inform.items()
            self._hear_inform(slot, value)
        elif agent.act == "confirm_answer":
            self._hear_confirmation()
        elif agent.act == "thanks":
            return Reply(DialogAct("closing"), success=self._is_served())
        # She ignores anything else, and repeats her act.
        self._errors.heard_inform(self._inform, self._rng)
        self._act = self._errors.heard_act(self._act, self._rng)
        return Reply(self._said())

    def _hear_request(self, slot: str) -> None:
        if slot in self._wants:
            self._tell((slot,))
            self._request = []
        elif slot in self._asks and slot not in self._rest and slot in self._history:
            self._act, self._inform[slot] = "inform", self._history[slot]
            self._request = []
        elif slot in self._asks and slot in self._rest:
            self._tell([one for one in self._rest if one in self._wants])
            self._ask(slot)
        else:
            self._act = "inform" if self._request or self._rest else "thanks"
            self._inform[slot] = ANY_VALUE

    def _hear_inform(self, slot: str, value: str) -> None:
        self._history[slot] = value
        self._drop(slot)
        wanted = self._wants.get(slot)
        if wanted is not None and value != wanted:
            self._tell((slot,))
            return
        if wanted is None and slot in self._request:
            self._request.remove(slot)
        if self._request and wanted is not None:
            self._act = "request"
        elif self._request:
            self._ask(self._one_but_ticket(self._request))
        elif self._rest:
            self._say_next(with_ticket=wanted is None)
        else:
            self._act = "thanks"

    def _hear_booking(self, agent: DialogAct) -> None:
        self._act, self._content = "thanks", True
        if agent.inform[TASK_COMPLETE] == NO_MATCH:
            self._history[TICKET] = NO_MATCH
            self._drop(TICKET)
            self._request = [slot for slot in self._request if slot != TICKET]
        if not all(
            slot in agent.inform and agent.inform[slot].lower() == value.lower()
            for slot, value in self._wants.items()
        ):
            self._act, self._content = "deny", False
            self._request = []

    def _hear_confirmation(self) -> None:
        if not self._rest:
            self._act = "thanks"
        elif (slot := self._one_of(self._rest)) in self._wants:
            self._tell((slot,))
        else:
            self._ask(slot)

    def _say_next(self, *, with_ticket: bool) -> None:
        others = [slot for slot in self._rest if slot != TICKET]
        slot = self._one_of(others) if others else TICKET
        if slot not in self._wants:
            self._ask(slot)
            return
        self._tell((slot,))
        if with_ticket and TICKET in self._rest:
            self._ask(TICKET)

    def _is_served(self) -> bool:
        """Return whether nothing is left to ask or to say, and everything heard is as she wants it."""
        if not self._content or {*self._request, *self._rest} - {TICKET}:
            return False
        heard = self._history
        return NO_MATCH not in heard.values() and all(
            heard.get(slot, value) == value for slot, value in self._wants.items()
        )

    def _tell(self, slots: Iterable[str]) -> None:
        """Inform of wishes."""
        self._act = "inform"
        for slot in slots:
            self._inform[slot] = self._wants[slot]
            self._drop(slot)

    def _ask(self, slot: str) -> None:
        """Request a slot, and keep asking until it is answered."""
        self._act = "request"
        if slot not in self._request:
            self._request.append(slot)

    def _drop(self, slot: str) -> None:
        if slot in self._rest:
            self._rest.remove(slot)

    def _one_but_ticket(self, slots: Sequence[str]) -> str:
        others = [slot for slot in slots if slot != TICKET]
        return self._one_of(others) if others else TICKET

    def _one_of(self, slots: Sequence[str]) -> str:
        return one_of(slots, self._rng)

    def _said(self) -> DialogAct:
        return DialogAct(self._act, dict(self._inform), tuple(self._request))
