"""Ctrl-C as a request: the run ends at its next step, in order, and saves what there is."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class InterruptFlag:
    """A flag that the first Ctrl-C (SIGINT) sets while the context is open; call it to read it.

    The second Ctrl-C acts as ever: it raises KeyboardInterrupt wherever the program is. Outside the main
    thread, where Python gives no signals, the flag stays False.
    """

    def __init__(self) -> None:
        self._is_set = False
        self._previous: Any = None

    def __call__(self) -> bool:
        """Return whether Ctrl-C was pressed."""
        return self._is_set

    def __enter__(self) -> InterruptFlag:
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGINT, self._set)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._restore()

    def _set(self, number: int, frame: FrameType | None) -> None:
        self._is_set = True
        self._restore()

    def _restore(self) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)
            self._previous = None
