"""Make the table of learning from logged data: `python bench/offline/offline_table.py FOLDERS`.

FOLDERS hold runs that `dqn-fast train` left, from data alone, with demonstrations, or without either to
compare with. Their results, and what `make_log.py` said of the data, go to results.json beside this file, in
place of those of the same environment, data, objective and length. The table in bench/README.md is made from
that file; without FOLDERS, nothing else is done.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dqn_fast.training.run_folder.finished import SeedRuns, by_settings, find_runs
from dqn_fast.training.run_folder.table import markdown_table

sys.path.append(str(Path(__file__).parents[1]))  # for what bench/'s folders share

from readme_parts import README, Part

RESULTS = Path(__file__).with_name("results.json")
PART = Part("offline", "python bench/offline/offline_table.py FOLDERS")
_LEFT = ("environment", "data", "objective")
_IDENTITY = ("env_id", "data", "share", "objective", "steps", "unit")


def rows_of(groups: Sequence[SeedRuns]) -> list[dict[str, Any]]:
    """Return what the table says of each group of runs that differ in their seed alone."""
    return [_row(group) for group in groups]


def _row(group: SeedRuns) -> dict[str, Any]:
    settings = group.settings
    data = settings["offline"] or settings["demonstrations"]
    about = Path(data).with_suffix(".json") if data else None
    return {
        "env_id": group.env_id,
        "data": Path(data).stem if data else "",
        "share": settings["demonstration_share"] if settings["demonstrations"] else None,
        "about": json.loads(about.read_text(encoding="utf-8")) if about and about.exists() else None,
        "objective": settings["objective"],
        "steps": group.steps,
        "unit": "updates" if settings["offline"] else "steps",
        "last": [run.result["last_return_mean"] for run in group.runs],
        "seconds": [run.result["wall_seconds"] for run in group.runs],
    }


def merged(old: Sequence[dict[str, Any]], new: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return all rows; of two about the same, the new one."""
    return list({tuple(row[name] for name in _IDENTITY): row for row in (*old, *new)}.values())


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    """Return what stands between the markers."""
    rows = sorted(
        rows, key=lambda row: (row["env_id"], row["unit"] == "steps", row["data"], row["objective"])
    )
    columns = {
        "environment": [row["env_id"] for row in rows],
        "data": [_data(row) for row in rows],
        "its return": [_about(row) for row in rows],
        "objective": [row["objective"] for row in rows],
        "length": [f"{row['steps']:,} {row['unit']}" for row in rows],
        "seeds": [str(len(row["last"])) for row in rows],
        "last weights (ε = 0)": [_score(row["last"]) for row in rows],
        "each seed": [", ".join(f"{one:.0f}" for one in row["last"]) for row in rows],
    }
    return markdown_table(columns, left=_LEFT)


def _data(row: dict[str, Any]) -> str:
    share = row["share"]
    return row["data"] if share is None else f"{share:.0%} of {row['data']}"


def _about(row: dict[str, Any]) -> str:
    about = row["about"]
    return f"{about['return_mean']:.1f} ± {about['return_std']:.1f}" if about else ""


def _score(values: Sequence[float]) -> str:
    mean = f"{np.mean(values):.1f}"
    return mean if len(values) == 1 else f"{mean} ± {np.std(values):.1f}"


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="*", help="folders of runs, or folders above them")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--readme", type=Path, default=README)
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    if options.results.exists():
        rows = json.loads(options.results.read_text(encoding="utf-8"))
    if options.folders:
        rows = merged(rows, rows_of(by_settings(find_runs(options.folders)[0])))
        options.results.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    PART.write(options.readme, markdown(rows))


if __name__ == "__main__":
    main()
