"""What does it cost an agent to have a replay memory: add 1, sample a batch, update its priorities?"""

from __future__ import annotations

from itertools import cycle

from ratios import Measure
from rivals import Rival
from transitions import episodes, priorities


def bench_loop(batch_size: int, measure: Measure, rival: Rival) -> None:
    steps = cycle(episodes(20_000, seed=11).steps())
    new = cycle(priorities(100 * batch_size, seed=12).reshape(-1, batch_size))
    add, sample = rival.add, rival.sample

    def uniform() -> None:
        add(*next(steps))
        sample(batch_size)

    def prioritized() -> None:
        add(*next(steps))
        rival.update_priorities(rival.indices(sample(batch_size)), next(new))

    measure(f"loop of {batch_size}", prioritized if rival.prioritized else uniform)
