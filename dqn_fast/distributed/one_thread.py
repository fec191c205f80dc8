"""A transport within one thread: deterministic, for tests, and to debug a run without a cluster."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from dqn_fast.distributed.transport import Host, Worker, WorkerLostError, unwrapped

_LOST = object()
_NUMBERS = itertools.count()  # of calls, oldest first


class OneThread:
    """Carries out each call when somebody waits for it, the calls of one worker in order.

    Attributes:
        workers: that were placed.
    """

    def __init__(self) -> None:
        self.workers: list[_Worker] = []

    def place(self, make: Callable[..., Any], *arguments: Any) -> Worker:
        """Return a worker in this thread."""
        self.workers.append(_Worker(make, arguments))
        return self.workers[-1]

    def share(self, value: Any) -> Any:
        """Return the value itself."""
        return value

    def wait(self, calls: Sequence[Any], timeout: float | None = None) -> list[Any]:
        """Carry out the oldest of the calls that are not done; return all that are."""
        waiting = [call for call in calls if not call.is_done]
        if waiting:
            min(waiting, key=lambda call: call.number).carry_out()
        return [call for call in calls if call.is_done]

    def kill(self, worker: Any) -> None:
        """Let a worker die, with the calls that wait for it; it answers again once it was revived."""
        worker.die()

    def close(self) -> None:
        """Do nothing: there is no process."""


class _Worker:
    def __init__(self, make: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self._parts = make, arguments
        self._host: Host | None = Host(make, arguments)
        self._queue: deque[_Call] = deque()

    def call(self, method: str, *arguments: Any) -> _Call:
        call = _Call(self, (method, *arguments))
        self._queue.append(call)
        return call

    def revive(self) -> _Call:
        if self._host is None:
            self._host = Host(*self._parts)
        call = _Call(self, ())
        call.settle(os.getpid())
        return call

    def die(self) -> None:
        self._host = None
        while self._queue:
            self._queue.popleft().settle(_LOST)

    def carry_out_next(self) -> None:
        call = self._queue.popleft()
        call.settle(_LOST if self._host is None else self._host.run(*call.request))


class _Call:
    def __init__(self, worker: _Worker, request: tuple[Any, ...]) -> None:
        self.number = next(_NUMBERS)
        self.request = request
        self.is_done = False
        self._worker = worker
        self._result: Any = None

    def settle(self, result: Any) -> None:
        self._result, self.is_done = result, True

    def carry_out(self) -> None:
        while not self.is_done:
            self._worker.carry_out_next()

    def result(self) -> Any:
        self.carry_out()
        if self._result is _LOST:
            raise WorkerLostError("worker: got its death, expected an answer")
        return unwrapped(self._result)
