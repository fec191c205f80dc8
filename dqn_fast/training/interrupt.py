"""Ctrl-C as a request: the run ends at its next step, in order, and saves what there is.

SIGTERM, which schedulers of clusters and containers send before they kill, is the same request, and so is
SIGHUP, which a terminal sends that is closed.
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

    The second acts as ever: Ctrl-C raises KeyboardInterrupt wherever the program is. Outside the main
    thread, where Python gives no signals, the flag stays False.
    """

    def __init__(self) -> None:
        self._is_set = False
        self._previous: dict[signal.Signals, Any] = {}

    def __call__(self) -> bool:
        """Return whether there was a signal."""
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
