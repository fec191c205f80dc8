"""Ray as a transport: it places workers on the machines of a cluster, makes them again, and moves objects."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from dqn_fast.distributed.transport import Host, Worker, WorkerLostError, unwrapped
from dqn_fast.errors import SettingError, UsageError

_TO_STOP = (signal.SIGINT, signal.SIGTERM)
_PATIENCE = 10.0  # seconds to wait for a cluster; Ray itself waits for many minutes


class RayTransport:
    """A connection to a Ray cluster; one at a time in a process.

    Args:
        cluster: "local" starts one on this machine, which ends with the connection; "auto" finds the one that
            this machine belongs to; else its address.
        workers: that will be placed.
        object_store: bytes of shared memory on this machine, of a local cluster; None is Ray's own choice.

    Attributes:
        workers: that were placed.

    Raises:
        UsageError: if Ray is not installed, or there is no such cluster.
    """

    def __init__(self, cluster: str, workers: int, *, object_store: int | None = None) -> None:
        if find_spec("ray") is None:
            raise UsageError("cluster: got no Ray, expected it to be installed: pip install 'dqn_fast[ray]'")
        # Ray reads these once, when it is imported or started.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        import ray

        logging.getLogger("ray").setLevel(logging.ERROR)
        options: dict[str, Any] = {"address": cluster}
        if cluster not in ("local", "auto"):
            _reach(cluster)
        if cluster == "local":
            options |= {
                # Logical ones: a laptop with fewer runs them in turn.
                "num_cpus": workers,
                "object_store_memory": object_store,
                "include_dashboard": False,
                "runtime_env": {"env_vars": {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}},
            }
        try:
            with _own_signals(starts_servers=cluster == "local"):
                ray.init(**options, configure_logging=False, log_to_driver=False, logging_level="error")
        except (ConnectionError, ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split())
            expected = f"a Ray cluster that can be reached: {reason}; RAY_AUTH_MODE=token if it wants a token"
            raise SettingError("cluster", cluster, expected) from error
        self._host = ray.remote(_RayHost)
        self.workers: list[_RayWorker] = []

    def place(self, make: Callable[..., Any], *arguments: Any) -> Worker:
        """Return a worker in a process of its own, which Ray makes again whenever it dies."""
        options = {"num_cpus": 1, "max_restarts": -1, "max_task_retries": 0}
        worker = _RayWorker(self._host.options(**options).remote(make, arguments))
        self.workers.append(worker)
        return worker

    def share(self, value: Any) -> Any:
        """Return a reference to the value in the object store."""
        import ray

        return ray.put(value)

    def wait(self, calls: Sequence[Any], timeout: float | None = None) -> list[Any]:
        """Return those of the calls that have a result."""
        import ray

        references = [call.reference for call in calls]
        first, _ = ray.wait(references, num_returns=1, timeout=timeout)
        if not first:
            return []
        done = set(ray.wait(references, num_returns=len(references), timeout=0)[0]) | set(first)
        return [call for call in calls if call.reference in done]

    def close(self) -> None:
        """End all workers, and a local cluster with them."""
        import ray

        ray.shutdown()


class _RayHost(Host):
    def process_id(self) -> int:
        return os.getpid()


class _RayWorker:
    def __init__(self, handle: Any) -> None:
        self._handle = handle

    def call(self, method: str, *arguments: Any) -> _RayCall:
        return _RayCall(self._handle.run.remote(method, *arguments))

    def revive(self) -> _RayCall:
        # Tried again until the worker is there: nobody has to ask in a loop.
        return _RayCall(self._handle.process_id.options(max_task_retries=-1).remote())


class _RayCall:
    def __init__(self, reference: Any) -> None:
        self.reference = reference

    def result(self) -> Any:
        import ray

        try:
            result = ray.get(self.reference)
        except (ray.exceptions.RayActorError, ray.exceptions.ObjectLostError) as error:
            raise WorkerLostError(" ".join(str(error).split())) from error
        return unwrapped(result)


def _reach(cluster: str) -> None:
    """Raise SettingError if nobody listens at this address."""
    host, _, port = cluster.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE).close()
    except (OSError, ValueError) as error:
        raise SettingError(
            "cluster", cluster, f"local, auto, or HOST:PORT of a Ray cluster: {error}"
        ) from error


@contextmanager
def _own_signals(*, starts_servers: bool) -> Iterator[None]:
    """Keep signals to stop from the processes that Ray starts, and put back the handlers that Ray sets.

    A terminal sends Ctrl-C to all processes of its group, and who ends a job SIGTERM. Those of Ray inherit
    that they do not listen: the run ends in order, with what its shards hold, and then ends them.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _TO_STOP}
    blocks = starts_servers and hasattr(signal, "pthread_sigmask")  # it is not there on Windows
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, _TO_STOP) if blocks else None
    try:
        yield
    finally:
        if blocked is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        for number, handler in before.items():
            signal.signal(number, handler)
