"""Says dialogue acts in words, by the templates of a language; `data/<language>.json` has all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dqn_fast.errors import SettingError
from dqn_fast.tasks.movie_ticket.dialog import (
    ANY_VALUE,
    AVAILABLE,
    MOVIE,
    NO_MATCH,
    TASK_COMPLETE,
    TICKET,
    DialogAct,
    Goal,
)

_FOLDER = Path(__file__).with_name("data")
LANGUAGES = ("en", "zh")


class Words:
    """A language: names of slots and values, and templates of sentences.

    Several templates for one thing are taken in turn, so that a dialogue does not repeat itself word by word.

    Args:
        language: "en" or "zh".

    Attributes:
        templates: content of the language's file.

    Raises:
        SettingError: if there is no such language.
    """

    def __init__(self, language: str) -> None:
        if language not in LANGUAGES:
            raise SettingError("language", repr(language), f"one of {', '.join(LANGUAGES)}")
        path = _FOLDER / f"{language}.json"
        self.templates: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        self._separator: str = self.templates["separator"]
        clauses, sentences = self.templates["clauses"], self.templates["sentences"]
        self._booked_slots = {MOVIE, *" ".join(clauses).split(), *sentences} - {"other"}

    def name(self, slot: str) -> str:
        """Return what a slot is called."""
        return str(self.templates["names"].get(slot, slot))

    def value(self, slot: str, value: str) -> str:
        """Return how a value is said."""
        return str(self.templates["values"].get(slot, {}).get(value, value))

    def user(self, said: DialogAct, turn: int, success: bool | None = None) -> str:
        """Return what a user says.

        Args:
            said: her act.
            turn: number of the act, which chooses among templates.
            success: at the end of a dialogue, whether she got what she wanted.
        """
        of_user = self.templates["user"]
        if success is not None:
            return _in_turn(of_user["acts"]["goodbye" if success else "gives_up"], turn)
        wishes = {slot: value for slot, value in said.inform.items() if value != ANY_VALUE}
        sentences = [self._frame(of_user["wish"], of_user["details"], wishes, turn)] if wishes else []
        for slot in said.inform.keys() - wishes.keys():
            sentences.append(_in_turn(of_user["any"], turn).format(name=self.name(slot)))
        if said.act == "request":
            for number, slot in enumerate(said.request):
                question = self._for_slot(of_user["ask"], slot, turn)
                # Only the first of several questions stands alone.
                sentences.append(of_user["and"].format(_lower(question)) if number else question)
        if not sentences or said.act not in ("inform", "request"):
            sentences.append(_in_turn(of_user["acts"][said.act], turn))
        return self._joined(sentences)

    def agent(self, said: DialogAct, turn: int) -> str:
        """Return what the agent says.

        Args:
            said: its act.
            turn: number of the act, which chooses among templates.
        """
        of_agent = self.templates["agent"]
        if TASK_COMPLETE in said.inform:
            verb = "booked" if said.inform[TASK_COMPLETE] == AVAILABLE else "not_booked"
            special = (ANY_VALUE, NO_MATCH, AVAILABLE)
            told = {
                slot: value
                for slot, value in said.inform.items()
                if value not in special and slot in self._booked_slots
            }
            return self._frame(of_agent[verb], of_agent[f"{verb}_nothing_named"], told, turn)
        for slot, value in said.inform.items():
            templates = of_agent["none" if value == NO_MATCH else "tell"]
            return _upper(self._for_slot(templates, slot, turn, self.value(slot, value)))
        for slot in said.request:
            return self._for_slot(of_agent["ask"], slot, turn)
        return _in_turn(of_agent["acts"][said.act], turn)

    def goal(self, goal: Goal, part: str) -> str:
        """Return a goal in words, as the part "transcript" or "chat" words it."""
        templates = self.templates[part]
        text = self._frame([templates["goal"]], [templates["goal_without_film"]], goal.inform, 0, " ")
        if goal.request:
            names = self.templates["transcript"]["names"].join(self.name(slot) for slot in goal.request)
            text = self._joined([text, templates["questions"].format(names=names)])
        return text

    def _frame(
        self,
        with_film: Sequence[str],
        without: Sequence[str],
        inform: Mapping[str, str],
        turn: int,
        before: str = "",
    ) -> str:
        """Return wishes as a sentence around the film, or as one without it, and further sentences."""
        left = {slot: self.value(slot, value) for slot, value in inform.items() if slot != TICKET}
        film = left.pop(MOVIE, None)
        clauses = []
        for slots, template in self.templates["clauses"].items():
            if all(slot in left for slot in slots.split()):
                clauses.append(template.format(*(left.pop(slot) for slot in slots.split())))
        details = "".join(f"{self._separator}{clause}" for clause in clauses)
        sentences = []
        if film is not None:
            sentences.append(_in_turn(with_film, turn).format(film=film, details=details))
        elif clauses or before:
            sentences.append(_in_turn(without, turn).format(details=details).strip())
        templates = self.templates["sentences"]
        for slot, value in left.items():
            sentences.append(
                templates.get(slot, templates["other"]).format(name=self.name(slot), value=value)
            )
        return self._joined(sentences)

    def _for_slot(
        self, templates: Mapping[str, Sequence[str]], slot: str, turn: int, value: str | None = None
    ) -> str:
        chosen = _in_turn(templates.get(slot, templates["other"]), turn)
        return chosen.format(value, name=self.name(slot), value=value)

    def _joined(self, sentences: Sequence[str]) -> str:
        return self._separator.join(map(_upper, sentences))


def _in_turn(templates: Sequence[str], turn: int) -> str:
    return templates[turn % len(templates)]


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
