"""The knowledge base: which rows have a value, as bits of one integer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dqn_fast.tasks.movie_ticket.dialog import ANY_VALUE, NO_MATCH

_Rows = int  # bit i stands for row i


class KnowledgeBase:
    """Answers queries by AND and counts of bits.

    A policy visits very many different sets of constraints, so a cache of answers would grow without bound;
    integers with one bit per row need no cache. A query takes O(constraints * rows / 64).

    Args:
        rows: values by slot.
    """

    def __init__(self, rows: Sequence[Mapping[str, str]]) -> None:
        self._all: _Rows = (1 << len(rows)) - 1
        self._matching: dict[str, dict[str, _Rows]] = {}  # by slot and value in lower case
        self._values: dict[str, dict[str, _Rows]] = {}  # by slot and value as it is written
        for number, row in enumerate(rows):
            for slot, value in row.items():
                for table, key in ((self._matching, value.lower()), (self._values, value)):
                    of_slot = table.setdefault(slot, {})
                    of_slot[key] = of_slot.get(key, 0) | 1 << number

    def count(self, slot: str, value: str) -> int:
        """Return the number of rows with a value, whatever its case."""
        return self._with(slot, value).bit_count()

    def matches(self, constraints: Mapping[str, str], ignored: frozenset[str]) -> _Rows:
        """Return the rows that match all constraints.

        Equality ignores case, and a row without the slot does not match.

        Args:
            constraints: values by slot; "I do not care" does not constrain.
            ignored: slots to leave out.
        """
        rows = self._all
        for slot, value in constraints.items():
            if slot not in ignored and value != ANY_VALUE:
                rows &= self._with(slot, value)
        return rows

    def commonest(self, slot: str, rows: _Rows) -> str:
        """Return the commonest value of a slot among rows, "NO VALUE MATCHES!!!" if none has one.

        Of equally common values it is the one that the knowledge base names first.
        """
        best, most = NO_MATCH, 0
        for value, having in self._values.get(slot, {}).items():
            if (count := (having & rows).bit_count()) > most:
                best, most = value, count
        return best

    def _with(self, slot: str, value: str) -> _Rows:
        return self._matching.get(slot, {}).get(value.lower(), 0)
