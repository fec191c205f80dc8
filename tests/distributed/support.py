"""What tests of distributed runs share: short configurations, transports, and death."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable
from typing import Any, NamedTuple

from training.short import short

from dqn_fast.distributed import OneThread
from dqn_fast.training import TrainConfig


def apex(total_steps: int, **settings: Any) -> TrainConfig:
    """A short run of CartPole with two actors of two environments each, and priorities."""
    common = {
        "actors": 2,
        "num_envs": 2,
        "chunk_length": 10,
        "publish_period": 5,
        "prioritized": True,
        "epsilon_spread": 7.0,
        "rate_tolerance": 80,
        "learn_period": 8,
        "log_period": 100,
        "checkpoint_period": 0,
    }
    settings = {**common, **settings}
    return short(settings.pop("env_id", "CartPole-v1"), total_steps, **settings)


class Shell:
    """A worker that becomes another one when it is called so: a process that imports PyTorch is made once."""

    def __init__(self) -> None:
        self.number = -1

    def run_as(self, number: int, parts: tuple[Any, ...], method: str, *arguments: Any) -> Any:
        if number != self.number:
            make, its_arguments = parts
            self.number, self.inner = number, make(*its_arguments)
        return getattr(self.inner, method)(*arguments)


class Reused(NamedTuple):
    """A worker in a process that others were in before."""

    process: Any
    number: int
    parts: tuple[Any, ...]

    def call(self, method: str, *arguments: Any) -> Any:
        return self.process.call("run_as", self.number, self.parts, method, *arguments)

    def revive(self) -> Any:
        return self.process.revive()


class OnCluster:
    """A transport on the cluster that all tests share, in processes that all tests share."""

    numbers = itertools.count()

    def __init__(self, cluster: Any, idle: list[Any]) -> None:
        self.workers: list[Reused] = []
        self.share, self.wait = cluster.share, cluster.wait
        self._cluster, self._idle = cluster, idle

    def place(self, make: Any, *arguments: Any) -> Reused:
        process = self._idle.pop() if self._idle else self._cluster.place(Shell)
        self.workers.append(Reused(process, next(self.numbers), (make, arguments)))
        return self.workers[-1]

    def close(self) -> None:
        self._idle += [worker.process for worker in self.workers]
        self.workers = []


class Transports:
    """Makes transports, and keeps them."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self.made: list[Any] = []

    def __call__(self, config: TrainConfig | None = None) -> Any:
        self.made.append(self._make())
        return self.made[-1]

    def worker(self, number: int) -> Any:
        """Shards come first, then actors."""
        return self.made[-1].workers[number]

    def kill(self, number: int) -> None:
        """Let a worker die, in the midst of whatever it does."""
        transport, worker = self.made[-1], self.worker(number)
        if isinstance(transport, OneThread):
            transport.kill(worker)
        else:
            os.kill(worker.revive().result(), signal.SIGKILL)
