"""Counts the instructions of the core's hot paths, and fails where they have become more.

Unlike times they are the same in every run, whatever else the machine does: those of one build by one
compiler. `python bench/instructions.py HOT_PATHS` compares a build with instructions.json; `--write` makes
it the new bound. The program is the target `hot_paths` of the native tests, built as Release; valgrind
must be there.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

BOUNDS = Path(__file__).with_suffix(".json")
TOLERANCE = 0.03
REPEATS = 200  # of each operation, so that an average is counted


def count(program: Path, operation: str) -> int:
    """Instructions of one operation.

    Raises:
        subprocess.CalledProcessError: if the program fails.
        ValueError: if nothing was counted.
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
        raise ValueError(f"valgrind: counted nothing for {operation!r}:\n{run.stderr}")
    return round(int(collected[1]) / REPEATS)


def table(counts: Mapping[str, int], bounds: Mapping[str, int]) -> list[str]:
    """One line for each operation, beside its bound."""
    lines = [f"{'instructions':<36}{'now':>9}{'bound':>9}{'change':>9}"]
    for name, now in counts.items():
        bound = bounds.get(name)
        change = "" if bound is None else f"{now / bound - 1:+.1%}"
        lines.append(f"{name:<36}{now:>9,}{'-' if bound is None else f'{bound:,}':>9}{change:>9}")
    return lines


def above(counts: Mapping[str, int], bounds: Mapping[str, int]) -> list[str]:
    """The operations that take more than their bound and the tolerance, or have none."""
    return [name for name, now in counts.items() if now > bounds.get(name, 0) * (1 + TOLERANCE)]


def main() -> int:
    """The command; 1 if an operation takes too many."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("program", type=Path)
    parser.add_argument("--write", action="store_true", help="make these counts the bounds")
    options = parser.parse_args()
    bounds: dict[str, int] = json.loads(BOUNDS.read_text())
    counts = {name: count(options.program, name) for name in bounds}
    print("\n".join(table(counts, bounds)))  # noqa: T201
    if options.write:
        BOUNDS.write_text(json.dumps(counts, indent=2) + "\n")
        return 0
    for name in (failed := above(counts, bounds)):
        print(f"{name}: more than {TOLERANCE:.0%} above its bound", file=sys.stderr)  # noqa: T201
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
