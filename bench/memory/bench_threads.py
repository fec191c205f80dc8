"""One thread adds while another samples: how much of its throughput does each keep?"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from threading import Barrier, Event, Thread
from time import perf_counter
from typing import Any

from ratios import Results
from rivals import CONTENDERS
from scenarios import PRIORITIZED, add, sample

SECONDS = 0.5
ROUNDS = 5
Call = Callable[[], object]


def rates(*calls: Call) -> list[float]:
    """Run all calls at once, each in a thread of its own; return how many of each were made in a second."""
    stop, start, rate = Event(), Barrier(len(calls) + 1), [0.0] * len(calls)

    def run(number: int) -> None:
        call, done = calls[number], 0
        start.wait()
        begin = perf_counter()
        while not stop.is_set():
            call()
            done += 1
        rate[number] = done / (perf_counter() - begin)

    threads = [Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    start.wait()
    stop.wait(SECONDS)
    stop.set()
    for thread in threads:
        thread.join()
    return rate


def bench_writer_beside_sampler(benchmark: Any, results: Results) -> None:
    ours = next(one for one in CONTENDERS if one.name == "ours" and one.normalization == "batch")
    memory = ours.build(PRIORITIZED)
    memory.fill(PRIORITIZED.record(seed=1), PRIORITIZED.priorities(seed=2))
    write, draw = add(memory, PRIORITIZED), sample(256)(memory, PRIORITIZED)
    rounds: list[tuple[list[float], list[float]]] = []  # adds and samples per second: alone, then together

    def one_round() -> None:
        rounds.append(([*rates(write), *rates(draw)], rates(write, draw)))

    benchmark.group = "threads"
    benchmark.pedantic(one_round, rounds=ROUNDS)
    kept = [median(together[one] / alone[one] for alone, together in rounds) for one in (0, 1)]
    adds, samples = (median(together[one] for _, together in rounds) for one in (0, 1))
    note = (
        f"{adds:,.0f} adds and {samples:,.0f} samples of 256 in a second "
        f"({kept[0]:.0%} and {kept[1]:.0%} of what each does alone)"
    )
    results.note(benchmark, "a writer thread beside a sampler thread", note)
