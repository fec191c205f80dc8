"""What does it cost to store one transition in a full buffer?"""

from __future__ import annotations

from itertools import cycle

from ratios import Measure
from rivals import Rival
from transitions import episodes


def bench_add(measure: Measure, rival: Rival) -> None:
    steps, add = cycle(episodes(20_000, seed=11).steps()), rival.add

    def add_next() -> None:
        add(*next(steps))

    measure("add 1", add_next)
