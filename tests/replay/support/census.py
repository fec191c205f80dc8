"""Counts of what the state machine's random cases have met, for tests that demand it and for a summary."""

from __future__ import annotations

from collections import Counter

from replay.support.strategies import Pair

MET: Counter[Pair] = Counter()  # pairs of option levels that one example brought together
HAPPENED: Counter[str] = (
    Counter()
)  # what the rules have run into; "examples" and "rules" count the random cases
