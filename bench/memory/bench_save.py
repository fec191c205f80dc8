"""Saving a buffer, beside writing as many bytes: both end with a flush to disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import pytest
from ratios import Results
from rivals import CONTENDERS
from scenarios import IMAGES, PRIORITIZED
from workloads import Workload

ROUNDS = 5


def seconds(call: Callable[[], object]) -> float:
    """Return how long a call takes."""
    begin = perf_counter()
    call()
    return perf_counter() - begin


@pytest.mark.parametrize("workload", [PRIORITIZED, IMAGES], ids=["small", "stacks"])
def bench_save(benchmark: Any, results: Results, tmp_path: Path, workload: Workload) -> None:
    ours = next(one for one in CONTENDERS if one.name == "ours" and workload.kind in one.can)
    memory: Any = ours.build(workload)
    memory.fill(workload.record(seed=1), workload.priorities(seed=2))
    saved, written = tmp_path / "buffer.dqn", tmp_path / "bytes"
    rounds: list[float] = []  # the time to save, divided by the time to write

    def write(content: bytes) -> None:
        with written.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def one_round() -> None:
        saving = seconds(lambda: memory.buffer.save(saved))
        content = saved.read_bytes()
        rounds.append(saving / seconds(lambda: write(content)))

    benchmark.group = "files"
    benchmark.pedantic(one_round, rounds=ROUNDS)
    if rounds:
        title = (
            f"saving {workload.size:,} transitions, {workload.kind} ({saved.stat().st_size / 1e6:,.0f} MB)"
        )
        results.note(benchmark, title, f"{median(rounds):.1f} times as long as writing the bytes")
