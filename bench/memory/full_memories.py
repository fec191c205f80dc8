"""Full memories for the benchmarks. Each is checked and filled once, and dropped when the next kind comes."""

from __future__ import annotations

import gc

from rivals import Contender, Memory
from same_work import check
from workloads import Workload


class FullMemories:
    """The memories of all contenders, for one kind of workload and one shape of observations at a time.

    So the contenders of a row can take turns, and no more than a few gigabytes are in use.
    """

    def __init__(self) -> None:
        self.held: tuple[str, tuple[int, ...]] | None = None  # the kind and shape
        self.memories: dict[tuple[Contender, Workload], Memory] = {}
        self.checked: set[tuple[Contender, str, tuple[int, ...]]] = set()

    def get(self, contender: Contender, workload: Workload) -> Memory:
        """Return the contender's memory, full.

        Raises:
            AssertionError: if it does other work than the rest.
        """
        wanted = (workload.kind, workload.shape)
        if self.held != wanted:
            self.held = wanted
            self.memories.clear()
            gc.unfreeze()
            gc.collect()
        if (contender, *wanted) not in self.checked:
            check(contender.build(workload.small()), workload.small(), contender.normalization)
            self.checked.add((contender, *wanted))
        key = (contender, workload)
        if key not in self.memories:
            self.memories[key] = memory = contender.build(workload)
            memory.fill(workload.record(seed=1), workload.priorities(seed=2))
            gc.collect()
            gc.freeze()  # so that one contender's collections do not walk through another's transitions
        return self.memories[key]
