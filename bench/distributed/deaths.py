"""Kill an actor, or shards, of a run by kill -9, and count what comes of it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence

import numpy as np
from watched_run import ACTORS, Stop

from dqn_fast.distributed import RayTransport
from dqn_fast.distributed.loop import DistributedLoop

SETTLED, BEFORE, BEHIND, BACK = 10.0, 10.0, 5.0, 30.0  # seconds
FULL = 0.8  # of the rate before
LATEST = 0.5  # seconds until a shard is killed that was drawn from


class ActorDies:
    """Watches how often each actor is given work, before and behind the death of the last."""

    def __init__(self) -> None:
        self._rows: list[tuple[float, list[int]]] = []
        self._turns = [0] * ACTORS
        self._asked = [0] * ACTORS
        self._begun: float | None = None
        self._killed: float | None = None
        self._pid = 0

    def __call__(self, loop: DistributedLoop, transport: RayTransport) -> None:
        """Count; kill when the rates are known; stop when the dead one must have been back for a while."""
        now = time.monotonic()
        for number, member in enumerate(loop.crew.members):
            self._asked[number] += member.turn != self._turns[number]
            self._turns[number] = member.turn
        self._rows.append((now, list(self._asked)))
        if self._begun is None:
            if min(self._asked) > 2:  # all are there
                self._begun, self._pid = now, transport.workers[-1].revive().result()
        elif self._killed is None and now - self._begun > SETTLED + BEFORE:
            os.kill(self._pid, signal.SIGKILL)
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
        """Return when two seconds begin in which all and the dead one make FULL of their chunks."""
        assert self._killed is not None
        for at, _ in self._rows:
            since, rates = at - self._killed, self._rates(at, at + 2.0)
            least = FULL * np.array([sum(before), before[-1]])
            if since >= back and np.all(np.array([sum(rates), rates[-1]]) >= least):
                return since
        return float("nan")


class ShardDies:
    """Kills a shard again and again, in turn, up to LATEST seconds after the learner has drawn from all."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.killed = self.given = self.wrong = self.stale = 0
        self._random = np.random.default_rng(0)
        self._due: tuple[float, int] | None = None  # when the next is killed, and its process

    def __call__(self, loop: DistributedLoop, transport: RayTransport) -> None:
        """Choose the next one, or kill it; stop when the last has come back."""
        if self._due is not None:
            when, pid = self._due
            if time.monotonic() >= when:  # nothing is asked of it before: it may be at anything
                os.kill(pid, signal.SIGKILL)
                self.killed, self._due = self.killed + 1, None
            return
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
        pid = ports[number].worker.revive().result()
        self._due = time.monotonic() + self._random.uniform(0, LATEST), pid

    def _unnoticed(self, loop: DistributedLoop) -> bool:
        return loop.shards.deaths < self.killed
