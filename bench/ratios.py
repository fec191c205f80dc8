"""The table at the end: medians side by side, for equal work, and how many times faster ours is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

Measure: TypeAlias = Callable[..., None]  # (operation, function, *args): the fixture of conftest.py
RIVALS = ("pure Python", "cpprb")


class Measurement(NamedTuple):
    """The median of one benchmark."""

    kind: str
    operation: str
    size: int
    name: str
    normalization: str | None
    median_us: float


@dataclass
class Report:
    """What a run has found out so far."""

    measurements: list[Measurement] = field(default_factory=list)
    machine: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Everything, as text; nothing if no benchmark ran."""
        limits = [f"this machine, in this run: {', '.join(self.machine)}"] if self.machine else []
        return table(self.measurements) + limits


def table(measurements: Sequence[Measurement]) -> list[str]:
    """One line for each operation and size, in the order of their first measurement.

    "Ours" stands before each rival, because its weights are normalised as that rival's are.
    """
    rows: dict[tuple[str, str, int], list[Measurement]] = {}
    for one in measurements:
        rows.setdefault((one.kind, one.operation, one.size), []).append(one)
    if not rows:
        return []
    head = f"{'median µs':<35}{'transitions':>12}"
    for rival in RIVALS:
        head += f" | {'ours':>7}{rival:>13}{'ratio':>8}"
    lines = [head, "-" * len(head)]
    for (kind, operation, size), found in rows.items():
        line = f"{kind + ', ' + operation:<35}{size:>12,}"
        for rival in RIVALS:
            ours, theirs = pair(found, rival)
            ratio = theirs.median_us / ours.median_us if ours and theirs else None
            line += f" | {cell(ours, 7)}{cell(theirs, 13)}{'-' if ratio is None else f'{ratio:.1f}':>8}"
        lines.append(line)
    return [*lines, "ratio: how many times faster ours is; bench/README.md says what is compared"]


def pair(found: Sequence[Measurement], rival: str) -> tuple[Measurement | None, Measurement | None]:
    """Ours and the rival's, at the rival's normalisation of weights; neither if it was not measured."""
    for theirs in found:
        if theirs.name == rival:
            ours = (one for one in found if (one.name, one.normalization) == ("ours", theirs.normalization))
            return next(ours, None), theirs
    return None, None


def cell(measurement: Measurement | None, width: int) -> str:
    """A median in the table, or a dash."""
    return f"{'-' if measurement is None else f'{measurement.median_us:.2f}':>{width}}"
