"""A person in the place of the simulated user."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dqn_fast.tasks.movie_ticket.dialog import MAX_TURNS, TASK_COMPLETE, TICKET, DialogAct, Goal, Reply
from dqn_fast.tasks.movie_ticket.domain import DialogDomain
from dqn_fast.tasks.movie_ticket.listener import Listener
from dqn_fast.tasks.movie_ticket.words import Words


class Person:
    """A user who types what she says, and says at the end whether she got what she wanted.

    Args:
        words: language of the conversation.
        domain: what it is about.
        read: returns a line after a prompt, as `input` does; an EOFError means that the person has left.
        write: shows a line.
    """

    def __init__(
        self, words: Words, domain: DialogDomain, read: Callable[[str], str], write: Callable[[str], None]
    ) -> None:
        self._words = words
        self._texts: dict[str, str] = words.templates["chat"]
        self._speakers: dict[str, str] = words.templates["speakers"]
        self._domain = domain
        self._listener = Listener(words, domain)
        self._read = read
        self._write = write

    def begin(self, goal: Goal, rng: np.random.Generator) -> DialogAct:
        """Show a goal as an example, and hear the first act; see `User`."""
        self._goal = goal
        self._turns = 0
        self._open: list[str] = []  # questions without an answer
        self._act = "inform"
        self._write(self._words.goal(goal, "chat"))
        self._write(self._texts["help"])
        try:
            first = self._hear(None)
        except EOFError:
            self._write(self._texts["left"])
            raise
        if first.request:
            return first
        # Who begins without a question wants tickets, as simulated users do.
        self._open, self._act = [TICKET], "request"
        return DialogAct(self._act, first.inform, (TICKET,))

    def answer(self, agent: DialogAct) -> Reply:
        """Show what the agent says, and hear the answer; see `User`."""
        self._turns += 2
        self._write(f"{self._speakers['agent']}{self._words.agent(agent, self._turns // 2)}")
        self._close({TICKET} if TASK_COMPLETE in agent.inform else set(agent.inform))
        try:
            if agent.act == "thanks":
                served = self._read(self._texts["served"]).strip().lower()
                return Reply(DialogAct("closing"), success=served.startswith(self._texts["yes"]))
            if self._turns > MAX_TURNS:
                self._write(self._texts["limit"])
                return Reply(DialogAct("closing"), success=False)
            return Reply(self._hear(next(iter(agent.request), None)))
        except EOFError:
            self._write(self._texts["left"])
            return Reply(DialogAct("closing"), success=False)

    def _close(self, slots: set[str]) -> None:
        self._open = [slot for slot in self._open if slot not in slots]

    def _hear(self, asked: str | None) -> DialogAct:
        """Return the act of the next line that is understood; one that adds nothing repeats the last act."""
        while not self._adds_nothing(line := self._read(self._speakers["user"]).strip()):
            if (said := self._listener.understand(line, asked)) is not None:
                self._act = said.act
                self._open += [slot for slot in said.request if slot not in self._open]
                return said._replace(request=tuple(self._open))
            self._write(self._lost())
        return DialogAct(self._act, {}, tuple(self._open))

    def _adds_nothing(self, line: str) -> bool:
        bare = line.lower().rstrip(self._texts["stops"])
        return not bare or bare in self._words.templates["understand"]["agreement"]

    def _lost(self) -> str:
        named = self._words.templates["names"]
        slots = [named[slot] for slot in self._domain.slots if slot in named]
        names = self._texts["comma"].join(slots)
        example = self._words.user(DialogAct("inform", self._goal.inform), 0)
        return self._texts["lost"].format(slots=names, example=example)
