"""Queries by bits: what matches, what is counted, and which value is the commonest."""

from __future__ import annotations

from dqn_fast.tasks.movie_ticket.dialog import ANY_VALUE, NO_MATCH
from dqn_fast.tasks.movie_ticket.knowledge_base import KnowledgeBase

KB = KnowledgeBase(
    [
        {"city": "Kite Hill", "date": "today"},
        {"city": "kite hill", "date": "sunday"},
        {"city": "Northgate"},
        {"city": "Northgate", "date": "sunday"},
    ]
)
NONE: frozenset[str] = frozenset()


def test_case_makes_no_difference_to_a_match() -> None:
    assert KB.count("city", "KITE HILL") == 2
    assert KB.matches({"city": "Kite hill"}, NONE) == 0b0011
    assert KB.matches({"city": "Northgate", "date": "Sunday"}, NONE) == 0b1000


def test_a_row_without_the_slot_does_not_match() -> None:
    assert KB.matches({"date": "sunday"}, NONE) == 0b1010
    assert KB.matches({"price": "9"}, NONE) == 0
    assert KB.count("price", "9") == 0


def test_what_is_no_constraint() -> None:
    assert KB.matches({}, NONE) == 0b1111
    assert KB.matches({"city": ANY_VALUE}, NONE) == 0b1111
    assert KB.matches({"ticket": "x", "date": "today"}, frozenset({"ticket"})) == 0b0001


def test_the_commonest_value_and_ties() -> None:
    assert KB.commonest("city", 0b1111) == "Northgate"
    assert KB.commonest("date", 0b0011) == "today"  # as common as sunday, and named before it
    assert KB.commonest("city", 0b0110) == "kite hill"
    assert KB.commonest("date", 0b0100) == NO_MATCH
    assert KB.commonest("price", 0b1111) == NO_MATCH
