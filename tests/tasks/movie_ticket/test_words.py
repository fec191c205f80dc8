"""Dialogues in words: whole ones to read, no gap in a language, and every sentence is understood again."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from dqn_fast.tasks.movie_ticket import MovieTicket, RandomAgent
from dqn_fast.tasks.movie_ticket.dialog import ANY_VALUE, DialogAct
from dqn_fast.tasks.movie_ticket.domain import ACTS
from dqn_fast.tasks.movie_ticket.listener import Listener
from dqn_fast.tasks.movie_ticket.words import LANGUAGES, Words

each_language = pytest.mark.parametrize("language", LANGUAGES)


def a_good_dialogue(language: str) -> str:
    env = MovieTicket(language=language)
    env.reset(seed=3)
    for slot in ("date", "city", "numberofpeople", "theater", "starttime"):
        env.step(env.domain.index_of("request", slot))
    env.step(env.domain.index_of("inform", "taskcomplete"))
    env.step(env.domain.index_of("thanks"))
    return env.transcript()


@each_language
def test_a_dialogue_reads_as_written_down(language: str) -> None:
    written = Path(__file__).with_name(f"dialogue.{language}.txt").read_text(encoding="utf-8")
    assert f"{a_good_dialogue(language)}\n" == written


def test_our_own_domain_is_all_in_chinese() -> None:
    domain, words = MovieTicket().domain, Words("zh")
    for slot, values in domain.values.items():
        for value in values:
            assert not re.search("[a-z]", words.value(slot, value)), (slot, value)


@each_language
def test_every_act_and_slot_has_words(language: str) -> None:
    words, domain = Words(language), MovieTicket().domain
    for act in ACTS:
        assert words.user(DialogAct(act), 0)
        assert words.agent(DialogAct(act), 0)
    for action in domain.actions:
        for value in ("8 dollars", "NO VALUE MATCHES!!!", "Ticket Available"):
            inform = {str(action.slot): value} if action.act == "inform" else {}
            request = (str(action.slot),) if action.act == "request" else ()
            said = words.agent(DialogAct(action.act, inform, request), 1)
            assert "{" not in said
            assert "NO VALUE" not in said
            assert "None" not in said


@each_language
def test_what_the_simulated_user_says_is_understood(language: str) -> None:
    env = MovieTicket()
    words, agent = Words(language), RandomAgent(env.domain, seed=0)
    listener = Listener(words, env.domain)
    understood = 0
    for seed in range(60):
        env.reset(seed=seed)
        over = False
        while not over:
            over = env.step(agent.act(0))[2]
        for turn, said in enumerate(env._acts[:-1:2]):
            if said.act == "inform" and not said.inform:
                continue  # "Well …"
            heard = listener.understand(words.user(said, turn))
            request = said.request if said.act == "request" else ()
            # A thank-you with a wish is heard as the wish.
            act = "inform" if said.act == "thanks" and said.inform else said.act
            assert heard is not None, words.user(said, turn)
            assert (heard.act, {*heard.inform.items()}, {*heard.request}) == (
                act,
                {*said.inform.items()},
                {*request},
            )
            understood += 1
    assert understood > 300


ENGLISH = [
    ("Two tickets for Robot Wedding on Friday at 7:30 pm", None, "inform",
     {"numberofpeople": "two", "moviename": "Robot Wedding", "date": "friday", "starttime": "7:30 pm"}, ()),
    ("where can I see The Man Who Lost Tuesday, and how much is it?", None, "request",
     {"moviename": "The Man Who Lost Tuesday"}, ("price", "theater")),
    ("Sunday Never Sleeps tomorrow please", None, "inform",
     {"moviename": "Sunday Never Sleeps", "date": "tomorrow"}, ()),
    ("two", "numberofpeople", "inform", {"numberofpeople": "two"}, ()),
    ("4.", "numberofpeople", "inform", {"numberofpeople": "four"}, ()),
    ("I don't care", "theater", "inform", {"theater": ANY_VALUE}, ()),
    ("Any town is fine.", None, "inform", {"city": ANY_VALUE}, ()),
    ("Friday is fine", "date", "inform", {"date": "friday"}, ()),
    ("No, that is not right", None, "deny", {}, ()),
    ("thanks a lot", None, "thanks", {}, ()),
    ("request theater, date=tomorrow, price", None, "request", {"date": "tomorrow"}, ("theater", "price")),
    ("inform date=tomorrow", None, "inform", {"date": "tomorrow"}, ()),
    ("thanks", None, "thanks", {}, ()),
]  # fmt: skip


@pytest.mark.parametrize(("text", "asked", "act", "inform", "request_"), ENGLISH)
def test_what_people_type(
    text: str, asked: str | None, act: str, inform: dict[str, str], request_: tuple[str, ...]
) -> None:
    heard = Listener(Words("en"), MovieTicket().domain).understand(text, asked)
    assert heard is not None
    assert (heard.act, heard.inform, {*heard.request}) == (act, inform, {*request_})


@pytest.mark.parametrize("text", ["qwertz", "request", "inform colour=red", "I don't care", "!", "request x"])
def test_what_is_not_understood(text: str) -> None:
    assert Listener(Words("en"), MovieTicket().domain).understand(text) is None


def test_turns_take_templates_in_turn() -> None:
    words, said = Words("en"), DialogAct("thanks")
    texts = [words.user(said, turn) for turn in range(4)]
    assert texts[:2] == texts[2:]
    assert len(np.unique(texts)) == 2
