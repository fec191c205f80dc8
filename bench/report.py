"""Turns a run's JSON into README's table and the picture: `python bench/report.py out.json`."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from between import between_markers
from picture import draw
from ratios import Comparison, Measurement, Report, Row, comparisons, number, rows

HERE = Path(__file__).parent
README, PICTURE = HERE.parent / "README.md", HERE / "measured.png"
BEGIN, END = "<!-- measured: begin (python bench/report.py out.json) -->", "<!-- measured: end -->"
PACKAGES = ("cpprb", "stable-baselines3", "tianshou", "torchrl", "torch", "numpy")


@dataclass(frozen=True)
class Run:
    """What a run of `pytest --benchmark --benchmark-json=…` has left."""

    report: Report
    machine: str
    versions: str
    day: str

    @classmethod
    def read(cls, path: Path) -> Run:
        """The run in this file.

        Raises:
            ValueError: if no row of the table is in it.
        """
        data = json.loads(path.read_text())
        report = Report()
        for benchmark in data["benchmarks"]:
            info = benchmark["extra_info"]
            if "note" in info:
                report.notes[info["name"]] = info["note"]
            elif "contender" in info:
                report.measurements.append(Measurement.from_json(benchmark))
        if not report.measurements:
            raise ValueError(f"{path}: got no row of the table, expected a run of bench/bench_rows.py")
        info = data["machine_info"]
        found = info.get("packages", {})
        versions = [f"Python {info['python_version']}", *(f"{p} {found[p]}" for p in PACKAGES if p in found)]
        cpu: dict[str, Any] = info.get("cpu", {})
        machine = f"{cpu.get('brand_raw', info.get('machine', 'unknown'))}, {cpu.get('count', '?')} cores"
        return cls(report, machine, ", ".join(versions), data["datetime"][:10])


def markdown(run: Run, picture: str) -> str:
    """What stands between the markers."""
    found, compared = rows(run.report.measurements), comparisons(run.report.measurements)
    lines = [
        f"One run of `pytest --benchmark` on {run.day}: one process, one thread; {run.machine};",
        f"{run.versions}.",
        "Medians of a user's line of Python, from the call to arrays with every field: ours in µs, then how",
        "many times as long each rival takes for the same work, its weights normalised alike. **Best** is",
        "the quickest of the libraries and of the sum tree in NumPy; `bench/README.md` says more.",
        "",
        *_table(found),
        "",
        *(_line(one) for one in compared),
        *(f"- {name[0].upper()}{name[1:]}: {note}." for name, note in run.report.notes.items()),
        "",
        f"![How many times faster ours is than each rival, and the cost against the size]({picture})",
    ]
    return "\n".join(lines)


def _table(found: list[Row]) -> list[str]:
    names = list(dict.fromkeys(rival.name for row in found for rival in row.rivals))
    lines = [
        "| 1,000,000 transitions of 4 float32, unless said | ours, µs | "
        + " | ".join(names)
        + " | best | goal |",
        "|---|" + "---:|" * (len(names) + 3),
    ]
    for row in found:
        times = {rival.name: number(rival.times) for rival in row.rivals}
        best = f"**{number(row.best.times)}**" if row.best else ""
        goal = "" if row.goal is None else f"{row.goal:g}"
        cells = [row.title, number(row.ours_us), *(times.get(name, "") for name in names), best, goal]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _line(one: Comparison) -> str:
    other = one.limit.title if one.limit.title != one.title else one.limit.contender
    title = one.title[0].upper() + one.title[1:]
    found = f"{number(one.ours_us)} µs, **{one.times:.2f}** times {other} ({number(one.other_us)} µs)"
    return f"- {title}: {found}; at most {one.limit.times:g}."


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("json", type=Path, help="of pytest --benchmark --benchmark-json=...")
    parser.add_argument("--readme", type=Path, default=README)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    options = parser.parse_args()
    run = Run.read(options.json)
    draw(options.picture, run.report.measurements)
    name = Path(options.picture).resolve().relative_to(options.readme.resolve().parent).as_posix()
    text = options.readme.read_text(encoding="utf-8")
    options.readme.write_text(between_markers(text, BEGIN, END, markdown(run, name)), encoding="utf-8")


if __name__ == "__main__":
    main()
