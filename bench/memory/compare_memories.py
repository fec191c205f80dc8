"""Make the table and the picture of a run of `pytest --benchmark --benchmark-json=out.json`.

`python bench/memory/compare_memories.py out.json` writes the tables to bench/README.md, and the picture
beside this file. A run of some rows writes the tables that it has rows of.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memory_picture import draw
from ratios import Comparison, Measurement, Results, Row, comparisons, number, rows

sys.path.append(str(Path(__file__).parents[1]))  # for what bench/'s folders share

from readme_parts import README, Part

PICTURE = Path(__file__).with_name("memory.png")
COMMAND = "python bench/memory/compare_memories.py out.json"
PART = Part("measured", COMMAND)
RUNS = Part("measured runs", COMMAND)  # sequences and segments
PACKAGES = ("cpprb", "rlox", "stable-baselines3", "tianshou", "torchrl", "ray", "torch", "numpy")


@dataclass(frozen=True)
class Run:
    """A run of `pytest --benchmark`."""

    results: Results
    machine: str
    versions: str
    day: str

    @classmethod
    def read(cls, path: Path) -> Run:
        """Return the run that a file holds.

        Raises:
            ValueError: if the file has no row of the table.
        """
        data = json.loads(path.read_text())
        results = Results()
        for benchmark in data["benchmarks"]:
            info = benchmark["extra_info"]
            if "note" in info:
                results.notes[info["name"]] = info["note"]
            elif "contender" in info:
                results.measurements.append(Measurement.from_json(benchmark))
        if not results.measurements:
            raise ValueError(f"{path}: got no row of the table, expected a run of bench/memory/bench_rows.py")
        info = data["machine_info"]
        found = info.get("packages", {})
        versions = [f"Python {info['python_version']}", *(f"{p} {found[p]}" for p in PACKAGES if p in found)]
        cpu: dict[str, Any] = info.get("cpu", {})
        machine = f"{cpu.get('brand_raw', info.get('machine', 'unknown'))}, {cpu.get('count', '?')} cores"
        return cls(results, machine, ", ".join(versions), data["datetime"][:10])

    def of(self, in_runs: bool) -> list[Measurement]:
        """Return the measurements of one of the two tables."""
        return [one for one in self.results.measurements if one.in_runs is in_runs]


def markdown(run: Run, picture: str) -> str:
    """Return what stands between the markers of the rows of transitions."""
    measurements, notes = run.of(in_runs=False), run.results.notes
    found = rows(measurements)
    lines = [
        *_origin(run),
        "Each figure is the median time of a user's line of Python, from the call to arrays with every",
        "field: ours in µs, then how many times as long each rival takes for the same work, with the same",
        "normalisation of weights. **Best** is the quickest rival that counts.",
        "",
        *_table(found, "1,000,000 transitions of 4 float32, unless said"),
        "",
        *_missed(found),
        *(_line(one) for one in comparisons(measurements)),
        *(f"- {name[0].upper()}{name[1:]}: {note}." for name, note in notes.items()),
        "",
        f"![How many times as long each rival takes, and cost against size]({picture})",
    ]
    return "\n".join(lines)


def markdown_of_runs(run: Run) -> str:
    """Return what stands between the markers of the rows of sequences and segments."""
    measurements = run.of(in_runs=True)
    found = rows(measurements)
    lines = [
        *_origin(run),
        "Figures are as above.",
        "",
        *_table(found, "1,000,000 steps of 4 float32, unless said"),
        "",
        *_missed(found),
        *(_line(one) for one in comparisons(measurements)),
    ]
    return "\n".join(lines)


def _origin(run: Run) -> list[str]:
    return [
        f"One run on {run.day}, in one process and one thread: {run.machine};",
        f"{run.versions}.",
    ]


def _table(found: list[Row], what: str) -> list[str]:
    names = list(dict.fromkeys(rival.name for row in found for rival in row.rivals))
    lines = [
        f"| {what} | " + " | ".join(["ours, µs", *names, "best", "goal"]) + " |",
        "|---|" + "---:|" * (len(names) + 3),
    ]
    for row in found:
        times = {rival.name: number(rival.times) for rival in row.rivals}
        best = f"**{number(row.best.times)}**" if row.best else ""
        goal = "" if row.goal is None else f"{row.goal:g}"
        cells = [row.title, number(row.ours_us), *(times.get(name, "") for name in names), best, goal]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _missed(found: list[Row]) -> list[str]:
    """Return a line that names the rows below their goal, if there are any."""
    missed = [
        f"{row.title} ({number(row.best.times)} of {row.goal:g})"
        for row in found
        if row.best is not None and row.goal is not None and row.best.times < row.goal
    ]
    return [f"- Below the goal: {'; '.join(missed)}."] if missed else []


def _line(one: Comparison) -> str:
    other = one.limit.title if one.limit.title != one.title else one.limit.contender
    title = one.title[0].upper() + one.title[1:]
    found = f"{number(one.ours_us)} µs, **{one.times:.2f}** times {other} ({number(one.other_us)} µs)"
    return f"- {title}: {found}; at most {one.limit.times:g}."


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("json", type=Path, help="what pytest --benchmark --benchmark-json=... wrote")
    parser.add_argument("--readme", type=Path, default=README)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    options = parser.parse_args()
    run = Run.read(options.json)
    if transitions := run.of(in_runs=False):
        draw(options.picture, transitions)
        name = options.picture.resolve().relative_to(options.readme.resolve().parent).as_posix()
        PART.write(options.readme, markdown(run, name))
    if run.of(in_runs=True):
        RUNS.write(options.readme, markdown_of_runs(run))


if __name__ == "__main__":
    main()
