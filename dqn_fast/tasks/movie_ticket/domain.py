"""A domain of dialogues: its acts, slots, rows and goals. Nothing of it is in code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dqn_fast.errors import UsageError
from dqn_fast.tasks.movie_ticket.dialog import PEOPLE, TASK_COMPLETE, TICKET, Goal

#: Dialogue acts, in the order of the features; those of TC-Bot (Li et al., 2017).
ACTS = (
    *("request", "inform", "confirm_question", "confirm_answer", "greeting", "closing"),
    *("multiple_choice", "thanks", "welcome", "deny", "not_sure"),
)


class AgentAction(NamedTuple):
    """One of the agent's actions, without values: those come from the knowledge base.

    Attributes:
        act: its dialogue act.
        slot: that it asks for (request) or gives (inform); None for other acts.
    """

    act: str
    slot: str | None = None


@dataclass(frozen=True)
class DialogDomain:
    """A domain.

    Attributes:
        acts: dialogue acts, in the order of the features.
        slots: in the order of the features; ticket, taskcomplete and numberofpeople among them.
        actions: of the agent, in the order of the environment's action space.
        rows: of the knowledge base: values by slot.
        goals: of the users, at least one.
        values: by slot, what a value may be mistaken for.

    Raises:
        UsageError: if an act or a slot is used that the domain does not have, or there is no row or goal.
    """

    acts: tuple[str, ...]
    slots: tuple[str, ...]
    actions: tuple[AgentAction, ...]
    rows: tuple[Mapping[str, str], ...]
    goals: tuple[Goal, ...]
    values: Mapping[str, Sequence[str]]

    def __post_init__(self) -> None:
        for name in ("rows", "goals", "actions"):
            if not getattr(self, name):
                raise UsageError(f"domain.{name}: got none, expected at least one")
        _require("acts", {"request", "inform", "thanks", "deny", "closing"}, self.acts)
        _require("acts", {action.act for action in self.actions}, self.acts)
        asked = {action.slot for action in self.actions if action.slot is not None}
        _require("slots", {TICKET, TASK_COMPLETE, PEOPLE} | asked, self.slots)
        for goal in self.goals:
            _require("slots", {*goal.inform, *goal.request}, self.slots)
            if not goal.inform:
                raise UsageError(f"domain.goals: got {goal}, expected at least one slot to inform")
        _require("slots", {slot for row in self.rows for slot in row}, self.slots)

    def index_of(self, act: str, slot: str | None = None) -> int:
        """Return the number of an action.

        Raises:
            UsageError: if the agent has no such action.
        """
        if (action := AgentAction(act, slot)) not in self.actions:
            raise UsageError(f"domain.actions: got no {act} {slot or ''}, expected one")
        return self.actions.index(action)


def agent_actions(inform: Iterable[str], request: Iterable[str]) -> tuple[AgentAction, ...]:
    """Return actions in TC-Bot's order: four acts without a slot, then informs, then requests."""
    plain = ("confirm_question", "confirm_answer", "thanks", "deny")
    return (
        *(AgentAction(act) for act in plain),
        *(AgentAction("inform", slot) for slot in inform),
        *(AgentAction("request", slot) for slot in request),
    )


def _require(name: str, used: Iterable[str], known: Sequence[str]) -> None:
    if unknown := sorted(set(used) - set(known)):
        raise UsageError(f"domain.{name}: got {', '.join(known)}, expected {', '.join(unknown)} among them")
