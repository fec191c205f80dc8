"""Count the instructions of the core's hot paths, and fail if one takes more than its bound.

Unlike times, the counts of one build are the same in every run, whatever else the machine does.
`python bench/instructions/count_instructions.py HOT_PATHS` compares a build with bounds.json; `--write` makes
its counts the new bounds. HOT_PATHS is the target `hot_paths` of the native tests, built as Release; valgrind
runs it.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

BOUNDS = Path(__file__).with_name("bounds.json")
TOLERANCE = 0.03
REPEATS = 200  # of each operation; the count is their average


def count(program: Path, operation: str) -> int:
    """Return the instructions of one operation.

    Raises:
        subprocess.CalledProcessError: if the program fails.
        ValueError: if valgrind counted nothing.
    """
    callgrind = [
        "valgrind",
        "--tool=callgrind",
        "--toggle-collect=measured",
        "--callgrind-out-file=/dev/null",
    ]
    command = [*callgrind, str(program), operation, str(REPEATS)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    collected = re.search(r"Collected : (\d+)", run.stderr)
    if collected is None or int(collected[1]) == 0:
        raise ValueError(f"{operation}: got no instructions, expected some; valgrind says:\n{run.stderr}")
    return round(int(collected[1]) / REPEATS)


def table(counts: Mapping[str, int], bounds: Mapping[str, int]) -> list[str]:
    """Return a line for each operation, with its bound."""
    lines = [f"{'instructions':<36}{'now':>9}{'bound':>9}{'change':>9}"]
    for name, now in counts.items():
        bound = bounds.get(name)
        change = "" if bound is None else f"{now / bound - 1:+.1%}"
        lines.append(f"{name:<36}{now:>9,}{'-' if bound is None else f'{bound:,}':>9}{change:>9}")
    return lines


def above(counts: Mapping[str, int], bounds: Mapping[str, int]) -> list[str]:
    """Return the operations that exceed their bound by more than the tolerance, or have no bound."""
    return [name for name, now in counts.items() if now > bounds.get(name, 0) * (1 + TOLERANCE)]


def main() -> int:
    """Run the command; return 1 if an operation takes too many instructions."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("program", type=Path, metavar="HOT_PATHS")
    parser.add_argument("--write", action="store_true", help="make these counts the bounds")
    options = parser.parse_args()
    bounds: dict[str, int] = json.loads(BOUNDS.read_text())
    counts = {name: count(options.program, name) for name in bounds}
    print("\n".join(table(counts, bounds)))  # noqa: T201
    if options.write:
        BOUNDS.write_text(json.dumps(counts, indent=2) + "\n")
        return 0
    for name in (failed := above(counts, bounds)):
        expected = f"expected at most {bounds.get(name, 0):,} and {TOLERANCE:.0%}"
        print(f"{name}: got {counts[name]:,} instructions, {expected}", file=sys.stderr)  # noqa: T201
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
