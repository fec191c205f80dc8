"""Every row of the table: all contenders in turn, and again, so that a busy machine hits them all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from ratios import Measurement, Report
from rivals import Contender, Unavailable
from scenarios import SCENARIOS, Scenario
from stage import Stage

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet

TURNS = 5


def turns() -> Iterator[ParameterSet]:
    """Scenario, contender and turn, in the order in which they are measured."""
    for scenario in SCENARIOS:
        for turn in range(TURNS):
            for contender in scenario.contenders():
                skip = pytest.mark.skipif(
                    not contender.is_installed, reason=f"{contender.needs} is not installed"
                )
                name = f"{scenario.slug}-{contender.title}-{turn}"
                yield pytest.param(scenario, contender, turn, id=name, marks=skip)


@pytest.fixture(scope="session")
def stage() -> Stage:
    """Shared by all."""
    return Stage()


@pytest.mark.parametrize(("scenario", "contender", "turn"), turns())
def bench_row(
    benchmark: Any, report: Report, stage: Stage, scenario: Scenario, contender: Contender, turn: int
) -> None:
    try:
        memory = stage.memory(contender, scenario.workload)
    except Unavailable as reason:
        pytest.skip(str(reason))
    call = scenario.line(memory, scenario.workload)
    benchmark.group = scenario.title
    what = Measurement.of(scenario, contender, turn)
    benchmark.extra_info.update(what.as_json())
    benchmark(call)
    if benchmark.stats is not None:  # as under --benchmark-disable
        report.measurements.append(what.timed(benchmark.stats.stats.median))
