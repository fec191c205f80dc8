"""A shard that takes two milliseconds a call keeps up with as many actors as arithmetic says."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import arrivals
import numpy as np
import pytest
from arrivals import PERIOD, Seen, serve, table

SERVICE = 0.002
CAPACITY = (1 - 19 * SERVICE) / SERVICE * PERIOD  # actors


class Call(NamedTuple):
    ends: float

    def result(self) -> Any:
        return SimpleNamespace(generation=0, indices=np.arange(4))


class Simulated:
    """A shard and the transport to it, which serve one call after the other by a clock of their own."""

    def __init__(self) -> None:
        self.now = self._free = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def call(self, method: str, *arguments: Any) -> Call:
        self._free = max(self._free, self.now) + SERVICE
        return Call(self._free)

    def wait(self, calls: Sequence[Call], timeout: float) -> list[Call]:
        self.now += timeout
        return [call for call in calls if call.ends <= self.now]


@pytest.mark.parametrize(("share", "keeps_up"), [(0.5, True), (0.9, True), (1.2, False), (2.0, False)])
def test_it_keeps_up_with_what_it_can_serve(
    share: float, keeps_up: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated: Any = Simulated()
    monkeypatch.setattr(arrivals, "time", simulated)
    seen = serve(SimpleNamespace(chunk=None), simulated, simulated, round(share * CAPACITY))  # type: ignore[arg-type]
    assert seen.keeps_up == keeps_up
    assert seen.batches > 10 or not keeps_up


def test_the_table_names_who_cannot_keep_up() -> None:
    good, slow, late = Seen(64, 3, 0.0, 18.96), Seen(96, 60, 0.0, 11.0), Seen(96, 0, 1.0, 18.0)
    made = {"date": "2000-01-01", "ray": "2"}
    assert "| a | **64** | 19.0 | 96 | the shard |" in table({**made, "cases": {"a": [good, slow]}})
    assert "| a | **64** | 19.0 | 96 | the process that sends |" in table(
        {**made, "cases": {"a": [good, late]}}
    )
    assert "| a | below 32 |  | 96 | the shard |" in table({**made, "cases": {"a": [slow]}})
