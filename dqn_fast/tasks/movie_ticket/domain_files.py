"""Reads a domain from a folder, which holds `domain.json` or the files of TC-Bot.

`domain.json` is an object with these keys:

- `slots`: names, in the order of the features.
- `inform` and `request`: slots that the agent can give, and those that it can ask for.
- `rows`: objects of values by slot. A list of values stands for a row with each of them.
- `facts`: by slot and value, further values of every row that has it, such as a theatre's city.
- `goals`: objects with `inform`, values by slot, and `request`, a list of slots.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dqn_fast.errors import UsageError
from dqn_fast.tasks.movie_ticket import tc_bot_files
from dqn_fast.tasks.movie_ticket.dialog import Goal
from dqn_fast.tasks.movie_ticket.domain import ACTS, DialogDomain, agent_actions

DOMAIN = "domain.json"

#: Our own domain: films, theatres and towns that do not exist.
OWN = Path(__file__).with_name("data")


def read_domain(folder: Path) -> DialogDomain:
    """Return the domain in a folder.

    Raises:
        UsageError: if there is none, or its files are not what they should be.
    """
    if (folder / DOMAIN).exists():
        return _read_json(folder / DOMAIN)
    if (folder / tc_bot_files.ROWS).exists():
        return tc_bot_files.read_tc_bot(folder)
    raise UsageError(f"{folder}: got no domain, expected {DOMAIN} or {tc_bot_files.ROWS} there")


def _read_json(path: Path) -> DialogDomain:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        rows = tuple(row for block in found["rows"] for row in _rows(block, found.get("facts", {})))
        goals = tuple(Goal(goal["inform"], tuple(goal["request"])) for goal in found["goals"])
        return DialogDomain(
            acts=ACTS,
            slots=tuple(found["slots"]),
            actions=agent_actions(found["inform"], found["request"]),
            rows=rows,
            goals=goals,
            values=_values(rows, goals),
        )
    except UsageError:
        raise
    except (OSError, KeyError, TypeError, AttributeError, ValueError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise UsageError(f"{path}: got a file that is not a domain ({reason}), expected one") from error


def _rows(block: Mapping[str, Any], facts: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    """Give a row for each combination of the values in a block, with the facts that follow from them."""
    choices = [value if isinstance(value, list) else [value] for value in block.values()]
    for values in itertools.product(*choices):
        row: dict[str, str] = dict(zip(block, values, strict=True))
        for slot, of_value in facts.items():
            row |= of_value.get(row.get(slot, ""), {})
        yield row


def _values(rows: Sequence[Mapping[str, str]], goals: Sequence[Goal]) -> dict[str, list[str]]:
    """Return all values of each slot, in the order in which they occur."""
    values: dict[str, dict[str, None]] = {}
    for told in (*rows, *(goal.inform for goal in goals)):
        for slot, value in told.items():
            if not isinstance(value, str):
                raise UsageError(f"{slot}: got {value!r}, expected a string")
            values.setdefault(slot, {})[value] = None
    return {slot: list(known) for slot, known in values.items()}
