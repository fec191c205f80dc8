"""Understands what a person types: dialogue acts as they are, or words that the templates know."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dqn_fast.tasks.movie_ticket.dialog import ANY_VALUE, TASK_COMPLETE, DialogAct
from dqn_fast.tasks.movie_ticket.domain import DialogDomain
from dqn_fast.tasks.movie_ticket.words import Words


class Listener:
    """Finds values and questions in a text, the longest names first.

    Args:
        words: language of the text.
        domain: whose values and slots it is about.
    """

    def __init__(self, words: Words, domain: DialogDomain) -> None:
        self._domain = domain
        self._words = words
        self._rules: dict[str, Any] = words.templates["understand"]
        found = {name for name in self._names() if name[0]}
        self._values = sorted(found, key=lambda name: (-len(name[0]), name))
        self._questions = sorted(self._question_names(), key=lambda name: (-len(name[0]), name))

    def understand(self, text: str, asked: str | None = None) -> DialogAct | None:
        """Return the dialogue act of a text; None if it has none.

        Args:
            text: such as "For two, please", or an act such as `request theater, date=tomorrow`.
            asked: slot that the agent has just asked for.
        """
        if (named := self._as_act(text)) is not None:
            return named
        left = text.lower()
        inform: dict[str, str] = {}
        for name, slot, value in self._values:
            if slot not in inform and (rest := _without(name, left)) is not None:
                left, inform[slot] = rest, value
        if asked is not None and asked not in inform:
            inform |= {asked: value for value in self._short_answers(asked, left)}
        request = []
        for name, slot in self._questions:
            if slot not in request and (rest := _without(name, left)) is not None:
                left = rest
                request.append(slot)
        if request:
            return DialogAct("request", inform, tuple(request))
        if not inform and _any_of(self._rules["any"], left):
            named_slots = [slot for slot in self._domain.slots if _without(self._words.name(slot), left)]
            inform = {slot: ANY_VALUE for slot in named_slots[:1] or ([asked] if asked else [])}
        if inform:
            return DialogAct("inform", inform)
        # "No, thank you" is a no.
        for act in ("deny", "thanks"):
            if _any_of(self._rules[act], left):
                return DialogAct(act)
        return None

    def _as_act(self, text: str) -> DialogAct | None:
        """Return an act that is written as one: its name, then slots, with values or without."""
        act, _, rest = text.strip().partition(" ")
        if act not in self._domain.acts:
            return None
        inform: dict[str, str] = {}
        request: list[str] = []
        for part in filter(None, map(str.strip, rest.split(","))):
            slot, equals, value = map(str.strip, part.partition("="))
            if slot not in self._domain.slots:
                return None
            if equals:
                inform[slot] = value
            else:
                request.append(slot)
        if (act == "request") != bool(request):
            return None
        return DialogAct(act, inform, tuple(request))

    def _names(self) -> Iterator[tuple[str, str, str]]:
        """Give each way to say a value: the name, its slot and the value."""
        for slot, values in self._domain.values.items():
            only_in = self._rules["only_in"].get(slot, ["{}"])
            for name, value in self._names_of(slot, values):
                for pattern in only_in:
                    yield pattern.format(name), slot, value

    def _names_of(self, slot: str, values: Iterable[str]) -> Iterator[tuple[str, str]]:
        also: Mapping[str, str] = self._words.templates.get("also", {}).get(slot, {})
        for value in values:
            yield value.lower(), value
            yield self._words.value(slot, value).lower(), value
        for name, value in also.items():
            if value in values:
                yield name, value

    def _short_answers(self, slot: str, text: str) -> Iterator[str]:
        """Give the value that is the whole text, such as "two" after a question for the number."""
        bare = re.sub(r"[\W_]+$|^[\W_]+", "", text)
        for name, value in self._names_of(slot, self._domain.values.get(slot, ())):
            if name == bare:
                yield value
                return

    def _question_names(self) -> Iterator[tuple[str, str]]:
        questions = self._rules["questions"]
        for slot in self._domain.slots:
            if slot != TASK_COMPLETE:
                for name in questions.get(slot, questions["other"]):
                    yield name.format(name=self._words.name(slot)).lower(), slot


def _any_of(names: Iterable[str], text: str) -> bool:
    return any(_without(name, text) is not None for name in names)


def _without(name: str, text: str) -> str | None:
    """Return a text without a name in it; None if it is not there as words of its own."""
    # Letters of the Latin alphabet end at word boundaries; Chinese has none.
    left = r"(?<![a-z0-9])" if name[:1].isascii() else ""
    right = r"(?![a-z0-9])" if name[-1:].isascii() else ""
    found = re.search(f"{left}{re.escape(name)}{right}", text)
    return None if found is None else f"{text[: found.start()]} \0 {text[found.end() :]}"
