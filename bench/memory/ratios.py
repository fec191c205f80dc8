"""From measurements to the rows of the table: how many times as long each rival takes for the same work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, NamedTuple

from rivals import Contender
from scenarios import Limit, Scenario

OURS = "ours"


class Measurement(NamedTuple):
    """The median of one benchmark, which is one turn of a contender in a row of the table."""

    title: str
    contender: str
    normalization: str | None
    counts: bool
    turn: int
    size: int
    per: int
    goal: float | None
    limit: Limit | None
    curve: str | None
    median_us: float = float("nan")
    in_runs: bool = False  # of the table of sequences and segments

    @classmethod
    def of(cls, scenario: Scenario, contender: Contender, turn: int) -> Measurement:
        """Return what is known before the benchmark runs."""
        return cls(
            scenario.title,
            contender.name,
            contender.normalization,
            contender.counts,
            turn,
            scenario.workload.size,
            scenario.per,
            scenario.goal,
            scenario.limit,
            scenario.curve,
            in_runs=scenario.in_runs,
        )

    def timed(self, seconds: float) -> Measurement:
        """Return the same with the time that a call took."""
        return self._replace(median_us=1e6 * seconds / self.per)

    def as_json(self) -> dict[str, Any]:
        """Return all but the time, for pytest-benchmark's `extra_info`."""
        return {name: getattr(self, name) for name in self._fields if name != "median_us"}

    @classmethod
    def from_json(cls, benchmark: dict[str, Any]) -> Measurement:
        """Return the measurement of a benchmark in pytest-benchmark's file."""
        info = dict(benchmark["extra_info"])
        info["limit"] = None if info["limit"] is None else Limit(*info["limit"])
        return cls(**info).timed(benchmark["stats"]["median"])


@dataclass(frozen=True)
class Rival:
    """A rival beside ours, both with the rival's normalisation of weights."""

    name: str
    us: float
    ours_us: float
    times: float  # the median of the ratios of all turns
    counts: bool


@dataclass(frozen=True)
class Row:
    """A row of the table."""

    title: str
    goal: float | None
    ours_us: float | None  # at the first normalisation that was measured
    rivals: tuple[Rival, ...]

    @property
    def best(self) -> Rival | None:
        """The quickest of those that count, by its ratio to ours."""
        return min((one for one in self.rivals if one.counts), key=lambda one: one.times, default=None)


class Comparison(NamedTuple):
    """A row with a limit instead of rivals."""

    title: str
    ours_us: float
    limit: Limit
    other_us: float
    times: float


@dataclass
class Results:
    """What a run has measured so far."""

    measurements: list[Measurement] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)  # about the machine and threads

    def note(self, benchmark: Any, name: str, note: str) -> None:
        """Keep a figure that is not a row, here and in the benchmark's file."""
        self.notes[name] = note
        benchmark.extra_info.update(name=name, note=note)

    def lines(self) -> list[str]:
        """Return everything as text; nothing if no benchmark ran."""
        text = table(rows(self.measurements))
        text += [
            f"{one.title}: {one.ours_us:.4g} µs, {one.times:.2f} times {one.limit.contender} at "
            f"{one.limit.title} ({one.other_us:.4g} µs), at most {one.limit.times:g}"
            for one in comparisons(self.measurements)
        ]
        return text + [f"{name}: {note}" for name, note in self.notes.items()]


def by_title(measurements: Iterable[Measurement]) -> dict[str, list[Measurement]]:
    """Return the measurements of each row, in the order in which the rows first occur."""
    found: dict[str, list[Measurement]] = {}
    for one in measurements:
        found.setdefault(one.title, []).append(one)
    return found


def turns(measurements: Iterable[Measurement], contender: str, normalization: str | None) -> dict[int, float]:
    """Return the medians of one contender by turn."""
    return {
        one.turn: one.median_us
        for one in measurements
        if (one.contender, one.normalization) == (contender, normalization)
    }


def rows(measurements: Sequence[Measurement]) -> list[Row]:
    """Return the rows that have rivals; `comparisons` returns the others."""
    result = []
    for title, found in by_title(measurements).items():
        if found[0].limit is not None:
            continue
        ours = [one for one in found if one.contender == OURS]
        at_first = turns(ours, OURS, ours[0].normalization) if ours else {}
        names = {(one.contender, one.normalization): one.counts for one in found if one.contender != OURS}
        rivals = (
            compare(found, name, normalization, counts) for (name, normalization), counts in names.items()
        )
        result.append(
            Row(
                title,
                found[0].goal,
                median(at_first.values()) if at_first else None,
                tuple(one for one in rivals if one is not None),
            )
        )
    return result


def compare(found: Sequence[Measurement], name: str, normalization: str | None, counts: bool) -> Rival | None:
    """Return a rival beside ours with its normalisation; None if ours was not measured with it."""
    theirs, ours = turns(found, name, normalization), turns(found, OURS, normalization)
    both = theirs.keys() & ours.keys()
    if not both:
        return None
    times = median(theirs[turn] / ours[turn] for turn in both)
    return Rival(name, median(theirs.values()), median(ours.values()), times, counts)


def comparisons(measurements: Sequence[Measurement]) -> list[Comparison]:
    """Return the rows with a limit, where what they are compared with was measured, too."""
    titles = by_title(measurements)
    result = []
    for title, found in titles.items():
        limit = found[0].limit
        if limit is None:
            continue
        normalizations = [one.normalization for one in found if one.contender == OURS]
        if not normalizations:
            continue
        ours = turns(found, OURS, normalizations[0])
        others = titles.get(limit.title, [])
        theirs = {one.normalization for one in others if one.contender == limit.contender}
        # A copy has no weights, and stands beside ours whatever its normalisation.
        normalization = normalizations[0] if normalizations[0] in theirs else None
        other = turns(others, limit.contender, normalization)
        if both := ours.keys() & other.keys():
            times = median(ours[turn] / other[turn] for turn in both)
            result.append(Comparison(title, median(ours.values()), limit, median(other.values()), times))
    return result


def table(found: Sequence[Row]) -> list[str]:
    """Return one line for each row, with one column for each rival."""
    if not found:
        return []
    names = list(dict.fromkeys(rival.name for row in found for rival in row.rivals))
    head = f"{'ours: µs; others: times ours':<52}{'ours':>9}" + "".join(
        f"{name:>{width(name)}}" for name in names
    )
    head += f"{'best':>8}{'goal':>6}"
    lines = [head, "-" * len(head)]
    for row in found:
        line = f"{row.title:<52}{number(row.ours_us):>9}"
        by_name = {rival.name: rival for rival in row.rivals}
        for name in names:
            line += f"{number(by_name[name].times if name in by_name else None):>{width(name)}}"
        best = row.best
        line += f"{number(best.times if best else None):>8}{'-' if row.goal is None else f'{row.goal:g}':>6}"
        lines.append(line)
    return [*lines, "best: the smallest of those that count; bench/README.md says what is compared"]


def width(name: str) -> int:
    """Return the width of a column."""
    return max(10, len(name) + 2)


def number(value: float | None) -> str:
    """Return three digits, or a dash for None."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
