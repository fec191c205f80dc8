"""Domains in files: our own, one of a user's, the published one, and what is wrong with others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tasks.movie_ticket.domains import domain_of

from dqn_fast.errors import UsageError
from dqn_fast.tasks.movie_ticket import read_domain
from dqn_fast.tasks.movie_ticket.dialog import Goal
from dqn_fast.tasks.movie_ticket.domain import AgentAction

SMALL: dict[str, Any] = {
    "slots": ["moviename", "city", "date", "numberofpeople", "ticket", "taskcomplete"],
    "inform": ["city", "taskcomplete"],
    "request": ["date"],
    "facts": {"city": {"Northgate": {"date": "today"}}},
    "rows": [{"moviename": ["A", "B"], "city": ["Northgate", "Kite Hill"]}],
    "goals": [{"inform": {"moviename": "A"}, "request": ["date"]}],
}


def write(folder: Path, **changes: Any) -> Path:
    (folder / "domain.json").write_text(json.dumps({**SMALL, **changes}))
    return folder


def test_every_goal_of_our_own_can_be_met() -> None:
    domain = domain_of("own")
    assert len({goal.inform["moviename"] for goal in domain.goals}) > 24
    for goal in domain.goals:
        wishes = {slot: value for slot, value in goal.inform.items() if slot != "numberofpeople"}
        assert any(wishes.items() <= row.items() for row in domain.rows), goal
        assert not set(goal.request) & set(goal.inform)


def test_lists_are_rows_of_their_own_and_facts_follow(tmp_path: Path) -> None:
    domain = read_domain(write(tmp_path))
    assert domain.rows == (
        {"moviename": "A", "city": "Northgate", "date": "today"},
        {"moviename": "A", "city": "Kite Hill"},
        {"moviename": "B", "city": "Northgate", "date": "today"},
        {"moviename": "B", "city": "Kite Hill"},
    )
    assert domain.goals == (Goal({"moviename": "A"}, ("date",)),)
    assert domain.values == {"moviename": ["A", "B"], "city": ["Northgate", "Kite Hill"], "date": ["today"]}
    assert [*domain.actions] == [
        *(AgentAction(act) for act in ("confirm_question", "confirm_answer", "thanks", "deny")),
        AgentAction("inform", "city"),
        AgentAction("inform", "taskcomplete"),
        AgentAction("request", "date"),
    ]
    assert domain.index_of("request", "date") == 6
    with pytest.raises(UsageError, match=r"domain.actions: got no request city, expected one"):
        domain.index_of("request", "city")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rows": []}, "domain.rows: got none, expected at least one"),
        ({"goals": []}, "domain.goals: got none"),
        ({"slots": ["moviename"]}, "domain.slots: got moviename, expected .*, date.* among them"),
        ({"rows": [{"moviename": 7}]}, "moviename: got 7, expected a string"),
        ({"rows": [{"actor": "X"}]}, "expected actor among them"),
        ({"goals": [{"inform": {}, "request": []}]}, "expected at least one slot to inform"),
        ({"goals": [{"inform": {"moviename": "A"}}]}, "got a file that is not a domain"),
        ({"goals": 3}, "got a file that is not a domain"),
    ],
)
def test_a_wrong_file_is_one_line(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_domain(write(tmp_path, **changes))


def test_a_folder_without_a_domain(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"got no domain, expected domain.json or movie_db.txt there"):
        read_domain(tmp_path)
    (tmp_path / "domain.json").write_text("{")
    with pytest.raises(UsageError, match="got a file that is not a domain"):
        read_domain(tmp_path)


TC_BOT = {
    "dia_acts.txt": "request\ninform\nconfirm_question\nconfirm_answer\nclosing\nthanks\ndeny\n",
    "movie_db.txt": "0L: {'city': 'nyc', 'moviename': 'a'}, 1L: {'city': 'la', 'moviename': \"b's\"}}\n",
    "movie_dict.txt": "{'city': ['nyc', 'la']}",
    "movie_user_goals.txt": (
        "{'request_slots': {'date': 'UNK'}, 'diaact': 'request', 'inform_slots': {'city': 'la'}}\n\n"
    ),
}


def write_tc_bot(folder: Path, **changes: str) -> Path:
    slots = "moviename theater starttime date numberofpeople genre state city zip critic_rating mpaa_rating"
    more = "distanceconstraints video_format theater_chain price actor description other numberofkids"
    files = {**TC_BOT, "slot_set.txt": "\n".join(f"{slots} {more} taskcomplete ticket".split()), **changes}
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def test_files_of_tc_bot(tmp_path: Path) -> None:
    domain = read_domain(write_tc_bot(tmp_path))
    assert domain.rows == ({"city": "nyc", "moviename": "a"}, {"city": "la", "moviename": "b's"})
    assert domain.goals == (Goal({"city": "la"}, ("date",)),)
    assert domain.values == {"city": ["nyc", "la"]}
    assert len(domain.actions) == 43
    assert domain.actions[4] == AgentAction("inform", "moviename")
    assert domain.actions[23] == AgentAction("inform", "ticket")
    assert domain.actions[24] == AgentAction("request", "moviename")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"movie_dict.txt": "__import__('os')"}, "movie_dict.txt: got .*, expected a literal of Python"),
        ({"movie_dict.txt": "[]"}, "movie_dict.txt: got a list, expected a dictionary"),
        ({"movie_user_goals.txt": "{'inform_slots': {}}"}, "got a goal without request_slots"),
    ],
)
def test_a_wrong_file_of_tc_bot_is_one_line(tmp_path: Path, changes: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_domain(write_tc_bot(tmp_path, **changes))


def test_a_missing_file_of_tc_bot(tmp_path: Path) -> None:
    (write_tc_bot(tmp_path) / "movie_dict.txt").unlink()
    with pytest.raises(UsageError, match=r"cannot read .*movie_dict.txt"):
        read_domain(tmp_path)


def test_the_published_domain() -> None:
    domain = domain_of("published")
    sizes = [len(part) for part in (domain.acts, domain.slots, domain.actions, domain.rows, domain.goals)]
    assert sizes == [11, 29, 43, 991, 128]
