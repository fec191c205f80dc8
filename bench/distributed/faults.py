"""Kill an actor, or shards, of a run, and say what it does to the rest: `python faults.py PART`.

Real processes on a local Ray cluster, by kill -9, in the midst of whatever they do. The part `actor` counts
the steps of the others in the five seconds behind an actor's death, and the seconds until all are at full
rate again; the part `shard` exceptions in the learner, and priorities that reach another transition than the
one that they were computed for. Results go to faults.json beside this file, the table to bench/README.md;
without a part, the table alone is written.

Run it in a network of its own: `unshare --net --map-root-user bash -c 'ip link set lo up && python ...'`.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dqn_fast.distributed import RayTransport, build_on
from dqn_fast.distributed.loop import DistributedLoop
from dqn_fast.distributed.messages import Drawn, Emptied, Given
from dqn_fast.distributed.shard import Part, ReplayShard
from dqn_fast.distributed.transport import Worker
from dqn_fast.training import TrainConfig, preset_of
from dqn_fast.training.parts.run import Hooks

sys.path.append(str(Path(__file__).parents[1]))  # for what bench/'s folders share

from readme_parts import README
from readme_parts import Part as ReadmePart

RESULTS = Path(__file__).with_name("faults.json")
PART = ReadmePart("faults", "python bench/distributed/faults.py PART")
ACTORS = 3
SETTLED, BEFORE, BEHIND, BACK = 10.0, 10.0, 5.0, 30.0  # seconds
TOLERANCE = 1.25  # of a rate that is full


class Stop(Exception):
    """Enough has been seen."""


class Watched(RayTransport):
    """Ray, with shards that check, and somebody who looks whenever the learner asks for results.

    Args:
        look: gets the loop and this transport; raises Stop at the end.
        workers: that will be placed.
    """

    loop: DistributedLoop

    def __init__(self, look: Callable[[DistributedLoop, RayTransport], None], workers: int) -> None:
        super().__init__("local", workers, object_store=300_000_000)
        self._look = look

    def place(self, make: Callable[..., Any], *arguments: Any) -> Worker:
        """Place what is asked for; a shard is one that checks."""
        return super().place(Checked if make is ReplayShard else make, *arguments)

    def wait(self, calls: Sequence[Any], timeout: float | None = None) -> list[Any]:
        """Look, and return those of the calls that have a result."""
        self._look(self.loop, self)
        return super().wait(calls, timeout)


def train(look: Callable[[DistributedLoop, RayTransport], None], shards: int) -> str:
    """Train on CartPole until `look` has seen enough; return what was raised, empty if nothing was."""
    config = replace(
        preset_of("CartPole-v1"),
        actors=ACTORS,
        shards=shards,
        num_envs=4,
        prioritized=True,
        total_steps=10**9,
        learning_starts=500,
        learn_period=64,
        log_period=10**9,
        selection_period=0,
    )
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of each death
        transport = Watched(look, ACTORS + shards)
        hooks = Hooks(lambda _: None, lambda: None, lambda: False)
        loop = build_on(lambda _: transport, Path(folder))(config, None, hooks, stack).loop
        assert isinstance(loop, DistributedLoop)
        transport.loop = loop
        try:
            loop.run()
        except Stop:
            return ""
        except Exception as error:  # any is what is looked for
            return repr(error)
    return "the run ended by itself"


class ActorDies:
    """Watches how often each actor is given work, before and behind the death of the last."""

    def __init__(self) -> None:
        self._rows: list[tuple[float, list[int]]] = []
        self._turns = [0] * ACTORS
        self._asked = [0] * ACTORS
        self._begun: float | None = None
        self._killed: float | None = None

    def __call__(self, loop: DistributedLoop, transport: RayTransport) -> None:
        """Count; kill when the rates are known; stop when the dead one must have been back for a while."""
        now = time.monotonic()
        for number, member in enumerate(loop.crew.members):
            self._asked[number] += member.turn != self._turns[number]
            self._turns[number] = member.turn
        self._rows.append((now, list(self._asked)))
        if self._begun is None:
            if min(self._asked) > 2:  # all are there
                self._begun = now
        elif self._killed is None and now - self._begun > SETTLED + BEFORE:
            os.kill(transport.workers[-1].revive().result(), signal.SIGKILL)
            self._killed = time.monotonic()
        elif self._killed is not None and now - self._killed > BACK:
            raise Stop

    def result(self) -> dict[str, float]:
        """Return what the others made of their share, and when the dead one played, and all at full rate."""
        assert self._killed is not None
        before = self._rates(self._killed - BEFORE, self._killed)
        behind = self._rates(self._killed, self._killed + BEHIND)
        back = self._first_of_last()
        return {
            "others_kept": sum(behind[:-1]) / sum(before[:-1]),
            "plays_again": back,
            "full_rate": self._at_full_rate(before, back),
        }

    def _rates(self, begin: float, end: float) -> list[float]:
        """Return chunks a second of each actor."""
        rows = np.array([counts for at, counts in self._rows if begin <= at <= end])
        rates: list[float] = ((rows[-1] - rows[0]) / (end - begin)).tolist()
        return rates

    def _first_of_last(self) -> float:
        """Return when the dead one was given work for the second time: its first chunk is there."""
        assert self._killed is not None
        at_death = next(counts[-1] for at, counts in reversed(self._rows) if at <= self._killed)
        return next(at for at, counts in self._rows if counts[-1] > at_death + 1) - self._killed

    def _at_full_rate(self, before: Sequence[float], back: float) -> float:
        """Return when two seconds begin in which all and the dead one make as many chunks as before."""
        assert self._killed is not None
        for at, _ in self._rows:
            since, rates = at - self._killed, self._rates(at, at + 2.0)
            least = np.array([sum(before), before[-1]]) / TOLERANCE
            if since >= back and np.all(np.array([sum(rates), rates[-1]]) >= least):
                return since
        return float("nan")


class ShardDies:
    """Kills a shard again and again, in turn, each time that the learner has drawn from all."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.killed = self.given = self.wrong = self.stale = 0

    def __call__(self, loop: DistributedLoop, transport: RayTransport) -> None:
        """Kill the next one; stop when the last has come back."""
        ports = loop.shards.ports
        if loop.shards.calls or any(port.generation is None for port in ports) or self._unnoticed(loop):
            return
        number = self.killed % len(ports)
        last = self.killed == self.times
        for port in ports if last else [ports[number]]:
            given, wrong = port.worker.call("counts").result()
            self.given, self.wrong = self.given + given, self.wrong + wrong
        if last:
            self.stale = loop.shards.stale
            raise Stop
        self.killed += 1
        os.kill(ports[number].worker.revive().result(), signal.SIGKILL)

    def _unnoticed(self, loop: DistributedLoop) -> bool:
        return loop.shards.deaths < self.killed


class Checked(ReplayShard):
    """A shard that remembers what each index of its batches named, and compares when priorities come."""

    def __init__(self, config: TrainConfig, part: Part) -> None:
        super().__init__(config, part)
        self._named: dict[int, npt.NDArray[Any]] = {}
        self._given = self._wrong = 0

    def draw(self, given: Sequence[Given], beta: float) -> Drawn | Emptied:
        """Draw, and remember."""
        drawn = super().draw(given, beta)
        if isinstance(drawn, Drawn):
            self._named |= zip(np.array(drawn.indices).tolist(), np.array(drawn.obs), strict=True)
        return drawn

    def give(self, given: Sequence[Given]) -> int:
        """Take priorities; count those that it takes, and those of an index that names another step."""
        for one in given:
            if one.generation == self._generation:
                self._given += len(one.indices)
                self._wrong += sum(self._is_wrong(index) for index in np.array(one.indices).tolist())
        return super().give(given)

    def _is_wrong(self, index: int) -> bool:
        try:
            held = self._buffer.transitions([index]).obs[0]
        except IndexError:  # evicted: no priority is set
            return False
        return index not in self._named or not np.array_equal(held, self._named[index])

    def counts(self) -> tuple[int, int]:
        """Return how many priorities it took in this life, and how many of them were wrong."""
        return self._given, self._wrong


def table(results: dict[str, Any]) -> str:
    """Return the table of results."""
    actor, shard = results["actor"], results["shard"]
    kept, shard_kills = f"in the next {BEHIND:.0f} s, as a share of theirs before", shard["killed"]
    rows = (
        (f"one of {ACTORS} actors killed: the others' steps {kept}", "0.8", f"{actor['others_kept']:.2f}"),
        ("it plays again after", "", f"{actor['plays_again']:.1f} s"),
        ("all are at full rate again after", "20 s", f"{actor['full_rate']:.1f} s"),
        (f"a shard killed {shard_kills} times: exceptions in the learner", "0", f"{shard['exceptions']}"),
        (f"wrong ones of {shard['given']:,} priorities", "0", f"{shard['wrong']}"),
        ("late priorities, refused and counted", "", f"{shard['stale']:,}"),
    )
    return "\n".join(
        [
            "| | must | seen |",
            "|---|---:|---:|",
            *(f"| {' | '.join(row)} |" for row in rows),
            "",
            f"Full rate: within {TOLERANCE - 1:.0%} of before, over two seconds. The learner sets the pace,",
            "so the others take over what the dead one leaves.",
            f"{actor['date']} and {shard['date']}, Ray {shard['ray']}, {os.cpu_count()} cores.",
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
