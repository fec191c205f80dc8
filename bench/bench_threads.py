"""One thread adds while another samples: what becomes of the throughput of each?"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from threading import Barrier, Event, Thread
from time import perf_counter
from typing import Any

from ratios import Report
from rivals import CONTENDERS
from scenarios import PRIORITIZED, add, sample
from transitions import priorities

SECONDS = 0.5
ROUNDS = 5
Call = Callable[[], object]


def rates(*calls: Call) -> list[float]:
    """Calls per second of each, all at once, in a thread of its own."""
    stop, start, found = Event(), Barrier(len(calls) + 1), [0.0] * len(calls)

    def run(which: int) -> None:
        call, done = calls[which], 0
        start.wait()
        begin = perf_counter()
        while not stop.is_set():
            call()
            done += 1
        found[which] = done / (perf_counter() - begin)

    threads = [Thread(target=run, args=(which,)) for which in range(len(calls))]
    for thread in threads:
        thread.start()
    start.wait()
    stop.wait(SECONDS)
    stop.set()
    for thread in threads:
        thread.join()
    return found


def bench_writer_beside_sampler(benchmark: Any, report: Report) -> None:
    ours = next(one for one in CONTENDERS if one.name == "ours" and one.normalization == "batch")
    memory = ours.build(PRIORITIZED)
    memory.fill(PRIORITIZED.record(seed=1), priorities(PRIORITIZED.size, seed=2))
    write, draw = add(memory, PRIORITIZED), sample(256)(memory, PRIORITIZED)
    found: list[tuple[list[float], list[float]]] = []  # adds and samples per second: alone, beside each other

    def one_round() -> None:
        found.append(([*rates(write), *rates(draw)], rates(write, draw)))

    benchmark.group = "threads"
    benchmark.pedantic(one_round, rounds=ROUNDS)
    kept = [median(beside[which] / alone[which] for alone, beside in found) for which in (0, 1)]
    adds, samples = (median(beside[which] for _, beside in found) for which in (0, 1))
    note = (
        f"{adds:,.0f} adds and {samples:,.0f} samples of 256 in a second "
        f"({kept[0]:.0%} and {kept[1]:.0%} of what each does alone)"
    )
    report.note(benchmark, "a writer thread beside a sampler thread", note)
