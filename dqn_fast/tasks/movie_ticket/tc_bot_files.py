"""Reads a domain from the text files of GO-Bot-DRL and TC-Bot; nothing is unpickled.

The folder holds `movie_db.txt` (rows), `movie_dict.txt` (values by slot), `movie_user_goals.txt` (one goal a
line), `dia_acts.txt` and `slot_set.txt` (one name a line: the order of the features).
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from dqn_fast.errors import UsageError
from dqn_fast.tasks.movie_ticket.dialog import Goal
from dqn_fast.tasks.movie_ticket.domain import DialogDomain, agent_actions

ROWS, VALUES, GOALS = "movie_db.txt", "movie_dict.txt", "movie_user_goals.txt"
ACTS, SLOTS = "dia_acts.txt", "slot_set.txt"

# What TC-Bot's agent asks for, in its order; it also informs of all but the number of people.
_REQUESTS = (
    *("moviename", "theater", "starttime", "date", "numberofpeople", "genre", "state", "city", "zip"),
    *("critic_rating", "mpaa_rating", "distanceconstraints", "video_format", "theater_chain", "price"),
    *("actor", "description", "other", "numberofkids"),
)
_INFORMS = (*(slot for slot in _REQUESTS if slot != "numberofpeople"), "taskcomplete", "ticket")


def read_tc_bot(folder: Path) -> DialogDomain:
    """Return the domain in a folder.

    Raises:
        UsageError: if a file is missing, or is not what it should be.
    """
    # A Python 2 dictionary, whose first brace is missing: 0L: {...}, 1L: {...}}.
    rows = re.sub(r"(\d+)L:", r"\1:", _text(folder / ROWS)).strip().strip("{}")
    return DialogDomain(
        acts=tuple(_text(folder / ACTS).split()),
        slots=tuple(_text(folder / SLOTS).split()),
        actions=agent_actions(_INFORMS, _REQUESTS),
        rows=tuple(_mapping(folder / ROWS, f"{{{rows}}}}}").values()),
        goals=tuple(
            _goal(folder / GOALS, line) for line in _text(folder / GOALS).splitlines() if line.strip()
        ),
        values=_mapping(folder / VALUES, _text(folder / VALUES)),
    )


def _goal(path: Path, line: str) -> Goal:
    found = _mapping(path, line)
    if missing := {"inform_slots", "request_slots"} - set(found):
        raise UsageError(f"{path}: got a goal without {', '.join(sorted(missing))}, expected one with them")
    return Goal(found["inform_slots"], tuple(found["request_slots"]))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error


def _mapping(path: Path, text: str) -> dict[Any, Any]:
    try:
        found = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError) as error:
        raise UsageError(f"{path}: got {text[:40]!r}, expected a literal of Python ({error})") from error
    if not isinstance(found, dict):
        raise UsageError(f"{path}: got a {type(found).__name__}, expected a dictionary")
    return found
