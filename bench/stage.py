"""Full memories for the benchmarks: each is checked, filled once, and dropped when others take its place."""

from __future__ import annotations

import gc

from rivals import Contender, Memory
from same_work import check
from transitions import priorities
from workloads import Workload


class Stage:
    """Holds the memories of one kind of workload and one shape, of all contenders at the same time.

    So those of one row can be measured in turn, and no more than a few gigabytes are in use.
    """

    def __init__(self) -> None:
        self.on: tuple[str, tuple[int, ...]] | None = None
        self.memories: dict[tuple[Contender, Workload], Memory] = {}
        self.checked: set[tuple[Contender, str, tuple[int, ...]]] = set()

    def memory(self, contender: Contender, workload: Workload) -> Memory:
        """The contender's memory, full.

        Raises:
            AssertionError: if it does other work than the rest.
        """
        on = (workload.kind, workload.shape)
        if self.on != on:
            self.on = on
            self.memories.clear()
            gc.unfreeze()
            gc.collect()
        if (contender, *on) not in self.checked:
            check(contender.build(workload.small()), workload.small(), contender.normalization)
            self.checked.add((contender, *on))
        key = (contender, workload)
        if key not in self.memories:
            self.memories[key] = memory = contender.build(workload)
            given = priorities(workload.size, seed=2) if workload.prioritized else None
            memory.fill(workload.record(seed=1), given)
            gc.collect()
            gc.freeze()  # collecting one contender's garbage shall not walk through another's transitions
        return self.memories[key]
