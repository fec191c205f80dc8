"""What can this machine do at all? The limits that the other figures are to be read against."""

from __future__ import annotations

from typing import Any

import numpy as np
from ratios import Report

MEBIBYTE = 2**20


def bench_copy(benchmark: Any, report: Report) -> None:
    source = np.ones(128 * MEBIBYTE, np.uint8)
    target = np.ones_like(source)
    benchmark.group = "machine"
    benchmark(np.copyto, target, source)
    if benchmark.stats is not None:
        rate = source.nbytes / benchmark.stats.stats.median / 1e9
        report.machine.append(f"copies {rate:.1f} GB/s")


def bench_random_lines(benchmark: Any, report: Report) -> None:
    """NumPy's own gather of rows of a cache line each, of as many bytes as a million transitions."""
    table = np.ones((MEBIBYTE, 16), np.float32)
    rows = np.random.default_rng(0).integers(len(table), size=100_000)
    target = np.ones((len(rows), 16), np.float32)
    benchmark.group = "machine"
    benchmark(np.take, table, rows, axis=0, out=target, mode="clip")
    if benchmark.stats is not None:
        cost = benchmark.stats.stats.median / len(rows) * 1e9
        report.machine.append(f"gathers random rows of 64 bytes at {cost:.0f} ns each (numpy.take)")
