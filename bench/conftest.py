"""Fixtures of the benchmarks, and the table of ratios at their end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parent))  # for the modules beside this one

from contenders import PRIORITIZED, SIZES, UNIFORM, Contender, full
from ratios import Measure, Measurement, Report
from rivals import Rival

REPORT = pytest.StashKey[Report]()


@pytest.fixture
def report(pytestconfig: pytest.Config) -> Report:
    """Collects what the run's last lines show."""
    return pytestconfig.stash.setdefault(REPORT, Report())


@pytest.fixture(params=(32, 256))
def batch_size(request: pytest.FixtureRequest) -> int:
    """Transitions in a batch."""
    return int(request.param)


@pytest.fixture(params=SIZES, ids="{:_}".format)
def size(request: pytest.FixtureRequest) -> int:
    """Transitions in the buffer, which is full."""
    return int(request.param)


@pytest.fixture(params=[contender.param() for contender in UNIFORM + PRIORITIZED])
def contender(request: pytest.FixtureRequest) -> Contender:
    """One of all; those of one operation and size run one after the other."""
    found: Contender = request.param
    return found


@pytest.fixture
def rival(size: int, contender: Contender) -> Rival:
    """The contender's full buffer, shared by all benchmarks."""
    return full(contender, size)


@pytest.fixture
def measure(benchmark: Any, report: Report, size: int, contender: Contender) -> Measure:
    """`measure(operation, function, *args)` times a call for the table."""

    def run(operation: str, function: Callable[..., object], *args: object) -> None:
        benchmark.group = f"{contender.kind}, {operation}, {size:,} transitions"
        what = (contender.kind, operation, size, contender.name, contender.normalization)
        benchmark.extra_info.update(zip(Measurement._fields[:-1], what, strict=True))
        benchmark(function, *args)
        if benchmark.stats is not None:  # as under --benchmark-disable
            report.measurements.append(Measurement(*what, median_us=1e6 * benchmark.stats.stats.median))

    return run


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if lines := config.stash.get(REPORT, Report()).lines():
        terminalreporter.section("ratios")
        terminalreporter.write_line("\n".join(lines))
