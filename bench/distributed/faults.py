"""Kill an actor, or shards, of a run, and say what it does to the rest: `python faults.py PART`.

Real processes on a local Ray cluster, by kill -9, in the midst of whatever they do. The part `actor` counts
the steps of the others in the five seconds behind an actor's death, and the seconds until all are at full
rate again; the part `shard` exceptions in the learner, and priorities that reach another transition than the
one that they are of. Results go to faults.json beside this file, the table to bench/README.md; without a
part, the table of what is there is written.

Run it in a network of its own: `unshare --net --map-root-user bash -c 'ip link set lo up && python ...'`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from deaths import BEHIND, FULL, ActorDies, ShardDies
from watched_run import ACTORS, train

sys.path.append(str(Path(__file__).parents[1]))  # for what bench/'s folders share

from readme_parts import README, Part

RESULTS = Path(__file__).with_name("faults.json")
PART = Part("faults", "python bench/distributed/faults.py PART")


def table(results: dict[str, Any]) -> str:
    """Return the table of what was measured."""
    rows: list[tuple[str, str, str]] = []
    if actor := results.get("actor"):
        kept = f"in the next {BEHIND:.0f} s, as a share of theirs before"
        rows += [
            (
                f"one of {ACTORS} actors killed: the others' steps {kept}",
                "0.8",
                f"{actor['others_kept']:.2f}",
            ),
            ("it plays again after", "", f"{actor['plays_again']:.1f} s"),
            (
                f"its rate, and that of all together, is {FULL:.0%} of before again after",
                "20 s",
                f"{actor['full_rate']:.1f} s",
            ),
        ]
    if shard := results.get("shard"):
        rows += [
            (
                f"a shard killed {shard['killed']} times: exceptions in the learner",
                "0",
                f"{shard['exceptions']}",
            ),
            (f"wrong ones of {shard['given']:,} priorities", "0", f"{shard['wrong']}"),
            ("late priorities, refused and counted", "", f"{shard['stale']:,}"),
        ]
    when = " and ".join(sorted({f"{part['date']}, Ray {part['ray']}" for part in results.values()}))
    return "\n".join(
        [
            "| | must | seen |",
            "|---|---:|---:|",
            *(f"| {' | '.join(row)} |" for row in rows),
            "",
            "The learner sets the pace, so the other actors take over what the dead one leaves.",
            f"{when}, {os.cpu_count()} cores.",
        ]
    )


def measure(part: str, kills: int) -> dict[str, Any]:
    """Return what a part gives; what was raised in the learner is among it."""
    import ray

    seen: dict[str, Any] = {"date": time.strftime("%Y-%m-%d"), "ray": ray.__version__}
    if part == "actor":
        actor = ActorDies()
        return {**seen, "raised": train(actor, 1), **actor.result()}
    shard = ShardDies(kills)
    raised = train(shard, 2)
    counted = {name: getattr(shard, name) for name in ("killed", "given", "wrong", "stale")}
    return {**seen, "raised": raised, "exceptions": int(bool(raised)), **counted}


def main() -> None:
    """Measure, keep the results, and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help="actor, shard")
    parser.add_argument("--kills", type=int, default=100, help="of shards")
    arguments = parser.parse_args()
    for part in arguments.parts:
        if part not in ("actor", "shard"):
            parser.error(f"PART: got {part}, expected actor or shard")
        results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
        results[part] = measure(part, arguments.kills)
        RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    PART.write(README, table(json.loads(RESULTS.read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main()
