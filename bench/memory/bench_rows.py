"""Every row of the table. Contenders take turns, so that a busy machine slows all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from full_memories import FullMemories
from ratios import Measurement, Results
from rivals import Contender, Unavailable
from scenarios import SCENARIOS, Scenario

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet

TURNS = 5


def turns() -> Iterator[ParameterSet]:
    """Yield scenario, contender and turn in the order of measurement."""
    for scenario in SCENARIOS:
        for turn in range(TURNS):
            for contender in scenario.contenders():
                skip = pytest.mark.skipif(
                    not contender.is_installed, reason=f"{contender.needs} is not installed"
                )
                name = f"{scenario.slug}-{contender.title}-{turn}"
                yield pytest.param(scenario, contender, turn, id=name, marks=skip)


@pytest.fixture(scope="session")
def full_memories() -> FullMemories:
    """Return the memories that all rows share."""
    return FullMemories()


@pytest.mark.parametrize(("scenario", "contender", "turn"), turns())
def bench_row(
    benchmark: Any,
    results: Results,
    full_memories: FullMemories,
    scenario: Scenario,
    contender: Contender,
    turn: int,
) -> None:
    try:
        memory = full_memories.get(contender, scenario.workload)
    except Unavailable as reason:
        pytest.skip(str(reason))
    call = scenario.line(memory, scenario.workload)
    benchmark.group = scenario.title
    measurement = Measurement.of(scenario, contender, turn)
    benchmark.extra_info.update(measurement.as_json())
    benchmark(call)
    if benchmark.stats is not None:  # it is None under --benchmark-disable
        results.measurements.append(measurement.timed(benchmark.stats.stats.median))
