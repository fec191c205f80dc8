"""The agent's side of a dialogue: what it knows, what it sees, and the values in what it says."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from dqn_fast.tasks.movie_ticket.dialog import (
    AVAILABLE,
    CLOSING,
    MAX_TURNS,
    NO_MATCH,
    PEOPLE,
    TASK_COMPLETE,
    TICKET,
    DialogAct,
)
from dqn_fast.tasks.movie_ticket.domain import AgentAction, DialogDomain
from dqn_fast.tasks.movie_ticket.knowledge_base import KnowledgeBase

_NO_COLUMNS = frozenset({TICKET, PEOPLE, TASK_COMPLETE, CLOSING})  # slots that no row has
# TC-Bot's features count them among the constraints: as soon as one is known, no row matches all.
_NO_COLUMNS_IN_FEATURES = frozenset({TICKET})
_TURNS = MAX_TURNS + 4  # places of the one-hot vector of moves


class DialogState:
    """The state of a dialogue, as far as the agent sees it.

    Its features are TC-Bot's (Li et al., 2017): acts and slots of the last move of either side, the slots
    that are known, the number of moves, and how many rows of the knowledge base match.

    Args:
        domain: of the dialogue.
        kb: of the domain's rows.

    Attributes:
        size: number of features; they are at least 0.
        high: the largest that a feature can be.
        moves: of both sides together.
        known: values by slot, told by either side.
    """

    def __init__(self, domain: DialogDomain, kb: KnowledgeBase) -> None:
        self._kb = kb
        self._acts = {act: place for place, act in enumerate(domain.acts)}
        self._slots = {slot: place for place, slot in enumerate(domain.slots)}
        acts, slots = len(domain.acts), len(domain.slots)
        # A one-hot vector of the act, then one place for each slot: informed, requested; for either side.
        side = acts + 2 * slots
        self._user = 0, acts, acts + slots
        self._agent = side, side + acts, side + acts + slots
        self._known_at = 2 * side
        self._moves_at = self._known_at + slots
        self._kb_at = self._moves_at + 1 + _TURNS
        self._kb_size = slots + 1  # the last place has no slot
        self.size = self._kb_at + 2 * self._kb_size
        self.high = max(_TURNS / 10, len(domain.rows) / 100)
        self.begin()

    def begin(self) -> None:
        """Forget the last dialogue."""
        self.moves = 0
        self.known: dict[str, str] = {}
        self._last_user: DialogAct | None = None
        self._last_agent: DialogAct | None = None

    def hear_user(self, said: DialogAct) -> None:
        """Take in an act of the user."""
        self.moves += 1
        self.known.update(said.inform)
        self._last_user = said

    def say(self, action: AgentAction) -> DialogAct:
        """Return the act of an action, with its values, and take it in.

        A completed task carries everything that is known: this is what the user checks.
        """
        said = DialogAct(action.act)
        if action.act == "request" and action.slot is not None:
            said = DialogAct("request", {}, (action.slot,))
        elif action.act == "inform" and action.slot is not None:
            inform = dict(self.known) if action.slot == TASK_COMPLETE else {}
            inform[action.slot] = self._value(action.slot)
            said = DialogAct("inform", inform)
        self.moves += 1
        self.known.update(said.inform)
        self._last_agent = said
        return said

    def features(self) -> np.ndarray:
        """Return what the agent sees, (size,) float32."""
        features = np.zeros(self.size, np.float32)
        for said, (act_at, inform_at, request_at) in (
            (self._last_user, self._user),
            (self._last_agent, self._agent),
        ):
            if said is not None:
                features[act_at + self._acts[said.act]] = 1
                self._mark(features, inform_at, said.inform)
                self._mark(features, request_at, said.request)
        self._mark(features, self._known_at, self.known)
        features[self._moves_at] = self.moves / 10
        features[self._moves_at + 1 + self.moves] = 1
        binary, count = features[self._kb_at :].reshape(2, self._kb_size)
        matching = self._kb.matches(self.known, _NO_COLUMNS_IN_FEATURES).bit_count()
        count[:] = matching / 100
        binary[:] = matching > 0
        for slot, value in self.known.items():
            alone = self._kb.count(slot, value)
            count[self._slots[slot]] = alone / 100
            binary[self._slots[slot]] = alone > 0
        return features

    def _mark(self, features: np.ndarray, first: int, slots: Iterable[str]) -> None:
        for slot in slots:
            features[first + self._slots[slot]] = 1

    def _value(self, slot: str) -> str:
        rows = self._kb.matches(self.known, _NO_COLUMNS)
        if slot in (TICKET, TASK_COMPLETE):
            return AVAILABLE if rows else NO_MATCH
        return self._kb.commonest(slot, rows)
