"""What does it cost to give a batch new priorities?"""

from __future__ import annotations

from itertools import cycle

import pytest
from contenders import PRIORITIZED
from ratios import Measure
from rivals import Rival
from transitions import priorities

BATCH = 256
BATCHES = 100  # other indices in each call, so that their part of the tree is not in the cache


@pytest.mark.parametrize("contender", [contender.param() for contender in PRIORITIZED], indirect=True)
def bench_update(measure: Measure, rival: Rival) -> None:
    update_priorities = rival.update_priorities
    indices = cycle([rival.indices(rival.sample(BATCH)) for _ in range(BATCHES)])
    # One more, so that indices meet other priorities each time: a tree may skip what is unchanged.
    new = cycle(priorities((BATCHES + 1) * BATCH, seed=12).reshape(-1, BATCH))

    def update_next() -> None:
        update_priorities(next(indices), next(new))

    measure(f"update {BATCH}", update_next)
