"""Understands what a person types: dialogue acts as they are, or words that the templates know."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from dqn_fast.tasks.movie_ticket.dialog import ANY_VALUE, TASK_COMPLETE, DialogAct
from dqn_fast.tasks.movie_ticket.domain import DialogDomain
from dqn_fast.tasks.movie_ticket.words import Words


class _Name(NamedTuple):
    """A word for a value of a slot, or, with an empty value, for a question about the slot."""

    name: str
    slot: str
    value: str


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
        names = {*self._value_names(), *self._question_names()}
        self._names = sorted(names, key=lambda found: (-len(found.name), found))
        self._slot_names = sorted(domain.slots, key=lambda slot: -len(words.name(slot)))

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
        request: list[str] = []
        for name, slot, value in self._names:
            if slot not in inform and slot not in request and (rest := _without(name, left)) is not None:
                left = rest
                if value:
                    inform[slot] = value
                else:
                    request.append(slot)
        if asked is not None and asked not in inform:
            inform |= self._short_answer(asked, left)
        if not inform and _any_of(self._rules["any"], left):
            inform = self._no_wish(left, asked)
        if request:
            return DialogAct("request", inform, tuple(request))
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

    def _value_names(self) -> Iterator[_Name]:
        for slot, values in self._domain.values.items():
            only_in = self._rules["only_in"].get(slot, ["{}"])
            for name, value in self._names_of(slot, values):
                yield from (_Name(pattern.format(name), slot, value) for pattern in only_in if name)

    def _names_of(self, slot: str, values: Iterable[str]) -> Iterator[tuple[str, str]]:
        also: Mapping[str, str] = self._words.templates.get("also", {}).get(slot, {})
        for value in values:
            yield value.lower(), value
            yield self._words.value(slot, value).lower(), value
        for name, value in also.items():
            if value in values:
                yield name, value

    def _no_wish(self, text: str, asked: str | None) -> dict[str, str]:
        """Return the slot that the user has no wish about: the one she names, or else the one asked for."""
        named = (slot for slot in self._slot_names if _without(self._words.name(slot), text) is not None)
        slot = next(named, asked)
        return {} if slot is None else {slot: ANY_VALUE}

    def _short_answer(self, slot: str, text: str) -> dict[str, str]:
        """Return the value that is the whole text, such as "two" after a question for the number."""
        bare = re.sub(r"[\W_]+$|^[\W_]+", "", text)
        for name, value in self._names_of(slot, self._domain.values.get(slot, ())):
            if name == bare:
                return {slot: value}
        return {}

    def _question_names(self) -> Iterator[_Name]:
        questions = self._rules["questions"]
        for slot in self._domain.slots:
            if slot != TASK_COMPLETE:
                for name in questions.get(slot, questions["other"]):
                    yield _Name(name.format(name=self._words.name(slot)).lower(), slot, "")


def _any_of(names: Iterable[str], text: str) -> bool:
    return any(_without(name, text) is not None for name in names)


def _without(name: str, text: str) -> str | None:
    """Return a text without a name in it; None if it is not there as words of its own."""
    # Letters of the Latin alphabet end at word boundaries; Chinese has none.
    left = r"(?<![a-z0-9])" if name[:1].isascii() else ""
    right = r"(?![a-z0-9])" if name[-1:].isascii() else ""
    found = re.search(f"{left}{re.escape(name)}{right}", text)
    return None if found is None else f"{text[: found.start()]} \0 {text[found.end() :]}"
