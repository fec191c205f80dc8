"""The limits of this machine, which the other figures are to be read against."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ratios import Results

MEBIBYTE = 2**20
LINE = 16  # float32 values of a cache line
MACHINE = "machine"


def bench_copy(benchmark: Any, results: Results) -> None:
    source = np.ones(128 * MEBIBYTE, np.uint8)
    target = np.ones_like(source)
    benchmark.group = MACHINE
    benchmark(np.copyto, target, source)
    if benchmark.stats is not None:
        note = f"{source.nbytes / benchmark.stats.stats.median / 1e9:.1f} GB/s"
        results.note(benchmark, "copying a large block", note)


@pytest.mark.parametrize("mebibytes", [64, 2048])
def bench_random_lines(benchmark: Any, results: Results, mebibytes: int) -> None:
    """Gather rows, a cache line each, by NumPy's own means."""
    table = np.ones((mebibytes * MEBIBYTE // (4 * LINE), LINE), np.float32)
    rows = np.random.default_rng(0).integers(len(table), size=100_000)
    target = np.ones((len(rows), LINE), np.float32)
    benchmark.group = MACHINE
    benchmark(np.take, table, rows, axis=0, out=target, mode="clip")
    if benchmark.stats is not None:
        note = f"{benchmark.stats.stats.median / len(rows) * 1e9:.0f} ns (numpy.take)"
        results.note(benchmark, f"a random cache line out of {mebibytes:,} MB", note)
