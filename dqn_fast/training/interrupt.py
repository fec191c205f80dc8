"""Ctrl-C as a request: the run ends in order at its next step, and saves what it has.

SIGTERM, which schedulers of clusters and containers send before they kill, is the same request. So is SIGHUP,
which a terminal sends when it is closed.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

_SIGNALS = [signal.SIGINT, signal.SIGTERM]
if hasattr(signal, "SIGHUP"):
    _SIGNALS.append(signal.SIGHUP)


class InterruptFlag:
    """A flag that the first of these signals sets while the context is open; call it to read it.

    A second signal has its usual effect: Ctrl-C raises KeyboardInterrupt. Outside the main thread, where
    Python delivers no signals, the flag stays False.
    """

    def __init__(self) -> None:
        self._is_set = False
        self._previous: dict[signal.Signals, Any] = {}

    def __call__(self) -> bool:
        """Return whether a signal has come."""
        return self._is_set

    def __enter__(self) -> InterruptFlag:
        if threading.current_thread() is threading.main_thread():
            self._previous = {
                number: signal.signal(number, self._set)
                for number in _SIGNALS
                if signal.getsignal(number) is not signal.SIG_IGN  # as after nohup
            }
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._restore()

    def _set(self, number: int, frame: FrameType | None) -> None:
        self._is_set = True
        self._restore()

    def _restore(self) -> None:
        while self._previous:
            signal.signal(*self._previous.popitem())
