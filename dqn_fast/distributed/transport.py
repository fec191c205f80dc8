"""The interface of what places workers and carries calls to them, and what both of its kinds share.

A worker is an object in a place of its own. A call of one of its methods returns at once, and its result
comes later. A worker that dies is made again from the same arguments: calls that were under way are lost, and
say so.
"""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol


class WorkerLostError(RuntimeError):
    """A worker died before it answered; it is being made again."""


class Call(Protocol):
    """A call under way."""

    def result(self) -> Any:
        """Wait for the result, and return it.

        Raises:
            WorkerLostError: if the worker died.
            Exception: what the method raised, with the worker's own traceback as its cause.
        """
        ...


class Worker(Protocol):
    """An object in a place of its own; may be given to other workers."""

    def call(self, method: str, *arguments: Any) -> Call:
        """Call a method; calls of one caller are carried out in order."""
        ...

    def revive(self) -> Call:
        """Return a call that has a result, the process id, once a lost worker is there again."""
        ...


class Transport(Protocol):
    """Places workers, and carries calls between them."""

    def place(self, make: Callable[..., Any], *arguments: Any) -> Worker:
        """Place what `make(*arguments)` returns, which is made at its first call.

        Args:
            make: a class or function that can be pickled.
            arguments: small ones: they are kept, to make it again.
        """
        ...

    def share(self, value: Any) -> Any:
        """Return what stands for a value in the arguments of calls, and is fetched once a machine."""
        ...

    def wait(self, calls: Sequence[Call], timeout: float | None = None) -> list[Call]:
        """Return those of the calls that have a result; wait for one if none has.

        Args:
            calls: under way; not empty.
            timeout: seconds to wait at most; None waits for ever.
        """
        ...

    def close(self) -> None:
        """End all workers."""
        ...


class Raised(NamedTuple):
    """What a method raised, on its way to the caller.

    Attributes:
        error: as it was raised, or a RuntimeError that says the same if it cannot be pickled.
        text: its traceback.
    """

    error: Exception
    text: str


class RemoteTraceback(Exception):
    """The traceback of an error in another process, as the cause of the same error here."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


class Host:
    """Holds a worker's object where it lives, and carries its errors home.

    Args:
        make: see `Transport.place`.
        arguments: of it.
    """

    def __init__(self, make: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self._make = make
        self._arguments = arguments
        self._object: Any = None

    def run(self, method: str, *arguments: Any) -> Any:
        """Return the method's result, or a `Raised`."""
        try:
            if self._object is None:  # here, so that what its constructor raises comes home, too
                self._object = self._make(*self._arguments)
            return getattr(self._object, method)(*arguments)
        except Exception as error:
            return Raised(_picklable(error), traceback.format_exc())


def unwrapped(result: Any) -> Any:
    """Return what a `Host` has returned, or raise what its method raised."""
    if isinstance(result, Raised):
        raise result.error from RemoteTraceback(result.text)
    return result


def _picklable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # any, from methods of the error's own class
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
