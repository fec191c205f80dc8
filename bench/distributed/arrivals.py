"""How many actors one shard keeps up with: `python bench/distributed/arrivals.py`.

Recorded chunks come to a shard on Ray as those of N actors would: from N clocks that know nothing of each
other, 34.75 transitions a second each, in chunks of 50. Meanwhile a learner takes 19 batches of 512 a
second. N is doubled until chunks pile up or batches are fewer, then bisected. `scale_on_paper` computes what
is seen here. The process that sends all chunks needs a processor, too; the table says where that one cannot
keep up.

Results go to arrivals.json beside this file, the table to bench/README.md; `--table` writes the table alone.
Run it in a network of its own: `unshare --net --map-root-user bash -c 'ip link set lo up && python ...'`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scale_on_paper import BATCHES, LENGTH, RATE, Case, Probe, cases

from dqn_fast.distributed import RayTransport
from dqn_fast.distributed.messages import Given

sys.path.append(str(Path(__file__).parents[1]))  # for what bench/'s folders share

from readme_parts import README
from readme_parts import Part as ReadmePart

RESULTS = Path(__file__).with_name("arrivals.json")
PART = ReadmePart("arrivals", "python bench/distributed/arrivals.py")
PERIOD = LENGTH / RATE  # seconds from one chunk of an actor to its next
SECONDS = 6.0  # of each N
BACKLOG = 0.5  # seconds of arrivals that may wait at the end
FIRST, REFINEMENTS = 32, 3


class Seen(NamedTuple):
    """What N actors were served.

    Attributes:
        actors: N.
        waiting: chunks without an answer at the end.
        late: seconds that the last chunks were sent after their time.
        batches: that the learner got, a second.
    """

    actors: int
    waiting: int
    late: float
    batches: float

    @property
    def keeps_up(self) -> bool:
        """Whether little waits at the end, here and before the sender, and the learner gets its batches."""
        waiting = self.waiting + self.late * self.actors / PERIOD
        return waiting <= BACKLOG * self.actors / PERIOD and self.batches >= 0.95 * BATCHES


def serve(case: Case, transport: RayTransport, shard: Any, actors: int, seconds: float = SECONDS) -> Seen:
    """Send the chunks of N actors for so long, and draw."""
    rng = np.random.default_rng(actors)
    times = (rng.uniform(0, PERIOD, actors)[:, None] + PERIOD * np.arange(int(seconds / PERIOD) + 1)).ravel()
    due = np.sort(times[times < seconds])
    adding: list[Any] = []
    drawing: Any = None
    given: list[Given] = []
    sent = batches = 0
    late = 0.0
    begin = time.monotonic()
    while (now := time.monotonic() - begin) < seconds:
        while sent < len(due) and due[sent] <= now:
            adding.append(shard.call("add", case.chunk, range(1)))
            late, sent = time.monotonic() - begin - float(due[sent]), sent + 1
        if drawing is None and batches <= now * BATCHES:
            drawing = shard.call("draw", given, 0.4)
        under_way = [*adding, *([drawing] if drawing else [])]
        if not under_way:
            time.sleep(0.001)
            continue
        done = set(map(id, transport.wait(under_way, 0.002)))
        if drawing is not None and id(drawing) in done:
            drawn = drawing.result()
            given = [Given(drawn.generation, np.array(drawn.indices), np.ones(len(drawn.indices)))]
            drawing, batches = None, batches + 1
        adding = [call for call in adding if id(call) not in done]
    waiting = len(adding) + len(due) - sent
    for call in [*adding, *([drawing] if drawing else [])]:
        call.result()
    return Seen(actors, waiting, late, batches / seconds)


def most(case: Case, transport: RayTransport) -> list[Seen]:
    """Return what each N was served that was tried."""
    shard = transport.place(Probe, case.config, case.part)
    for _ in range(2_000 // LENGTH):
        shard.call("add", case.chunk, range(1)).result()
    seen = [serve(case, transport, shard, FIRST)]
    while seen[-1].keeps_up:
        seen.append(serve(case, transport, shard, 2 * seen[-1].actors))
    low, high = seen[-1].actors // 2, seen[-1].actors
    for _ in range(REFINEMENTS):
        seen.append(serve(case, transport, shard, (low + high) // 2))
        low, high = (seen[-1].actors, high) if seen[-1].keeps_up else (low, seen[-1].actors)
    return seen


def table(results: dict[str, Any]) -> str:
    """Return the table of results."""
    lines = ["| | actors kept up with | batches/s beside them | too many | what could not keep up |"]
    lines.append("|---|---:|---:|---:|---|")
    for name, rows in results["cases"].items():
        seen = [Seen(*row) for row in rows]
        bad = min((one for one in seen if not one.keeps_up), key=lambda one: one.actors)
        fewer = [one for one in seen if one.actors < bad.actors]
        good = max(fewer, key=lambda one: one.actors, default=None)
        who = "the process that sends" if bad.late > BACKLOG / 2 else "the shard"
        kept, batches = (f"**{good.actors:,}**", f"{good.batches:.1f}") if good else (f"below {FIRST}", "")
        lines.append(f"| {name} | {kept} | {batches} | {bad.actors:,} | {who} |")
    made = f"{results['date']}, Ray {results['ray']}, {os.cpu_count()} cores; {SECONDS:g} s of each number."
    return "\n".join([*lines, "", made])


def main() -> None:
    """Measure, keep the results, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", action="store_true", help="write the table of the results kept")
    if not parser.parse_args().table:
        import ray

        transport = RayTransport("local", 3, object_store=500_000_000)
        try:
            found = {case.name: most(case, transport) for case in cases()}
        finally:
            transport.close()
        results = {"date": time.strftime("%Y-%m-%d"), "ray": ray.__version__, "cases": found}
        RESULTS.write_text(json.dumps(results) + "\n", encoding="utf-8")
    PART.write(README, table(json.loads(RESULTS.read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main()
