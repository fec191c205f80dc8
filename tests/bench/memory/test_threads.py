"""The throughput of threads that run at the same time."""

from __future__ import annotations

import time

import bench_threads
import pytest


def test_each_thread_counts_its_own_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_threads, "SECONDS", 0.1)
    quick, slow = bench_threads.rates(lambda: time.sleep(0.001), lambda: time.sleep(0.02))
    assert quick > slow > 1
