"""All shards as the learner sees them: which are there, what each holds, and how the dead come back."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dqn_fast.distributed.messages import Given
from dqn_fast.distributed.transport import Call, Transport, Worker, WorkerLostError


class Port:
    """One shard.

    Args:
        worker: it.
        least: transitions that it must hold to be drawn from.

    Attributes:
        worker: the shard.
        held: transitions that it holds, as far as is known.
        given: priorities that go with the next request.
        requests: for batches, under way, oldest first.
        coming_back: has a result once the shard is there again; None while it is there.
        generation: of its latest batch; None before the first.
    """

    def __init__(self, worker: Worker, least: int) -> None:
        self.worker = worker
        self.held = 0
        self.given: list[Given] = []
        self.requests: deque[Call] = deque()
        self.coming_back: Call | None = None
        self.generation: int | None = None
        self._least = least

    @property
    def can_be_drawn_from(self) -> bool:
        """Whether it is there, and holds enough."""
        return self.coming_back is None and self.held >= self._least

    def save(self, path: Path) -> None:
        """Write its buffer to a file; a shard that dies meanwhile is waited for.

        Raises:
            OSError: if the file cannot be written.
        """
        while True:
            try:
                data = self.worker.call("dump").result()
            except WorkerLostError:
                self.worker.revive().result()
            else:
                path.write_bytes(data)
                return


class Shards:
    """All shards of a run.

    Args:
        transport: their calls.
        ports: one for each.
        snapshot: returns what a shard is to hold when it comes back, from its number; None: nothing.

    Attributes:
        ports: the shards.
        deaths: of shards so far.
        stale: priorities that named no transition any more when they came.
    """

    def __init__(
        self, transport: Transport, ports: Sequence[Port], snapshot: Callable[[int], bytes | None]
    ) -> None:
        self.ports = ports
        self.deaths = self.stale = 0
        self._transport = transport
        self._snapshot = snapshot

    @property
    def calls(self) -> list[Call]:
        """The calls that say when a shard is there again."""
        return [port.coming_back for port in self.ports if port.coming_back is not None]

    def lost(self, port: Port) -> None:
        """Note that a shard died: what it held is gone, and so are the requests to it."""
        if port.coming_back is not None:
            return
        self.deaths += 1
        warnings.warn(
            f"shard {self.ports.index(port)} died with about {port.held:,} transitions, and is made again; it"
            " begins with what the last checkpoint has of it, and the learner waits if no shard holds enough",
            RuntimeWarning,
            stacklevel=2,
        )
        port.held, port.generation = 0, None
        port.given.clear()
        port.requests.clear()
        port.coming_back = port.worker.revive()

    def welcome(self, done: Sequence[Any]) -> None:
        """Give each shard that is there again its last snapshot.

        Args:
            done: calls that have a result.
        """
        for number, port in enumerate(self.ports):
            if port.coming_back is None or port.coming_back not in done:
                continue
            try:
                port.coming_back.result()
                data = self._snapshot(number)
                port.held = (
                    0 if data is None else port.worker.call("load", self._transport.share(data)).result()
                )
            except WorkerLostError:
                port.coming_back = port.worker.revive()
            else:
                port.coming_back = None

    def give_all(self) -> None:
        """Send the priorities that no request has taken along, and wait until they have arrived."""
        calls = []
        for port in self.ports:
            if port.given:
                calls.append((port, port.worker.call("give", port.given)))
                port.given = []
        for port, call in calls:
            try:
                self.stale += call.result()
            except WorkerLostError:
                self.lost(port)
