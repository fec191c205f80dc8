"""Environments in their own processes: signals, and global random numbers."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import numpy as np
import pytest
from envs.kinds import Countdown, Shifted, registered

from dqn_fast.envs import make_environments


class TellsProcess(Countdown):
    """Its reward is the number of its process."""

    def step(self, action: Any) -> Any:
        obs, _, *rest = super().step(action)
        return obs, float(os.getpid()), *rest


class UsesGlobals(Shifted):
    """Its rewards come from the process's own generators."""

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        return np.int64(0), random.random() + np.random.random(), False, False, {}  # noqa: NPY002


@pytest.fixture(autouse=True)
def registered_here() -> Iterator[None]:
    with registered(TellsProcess, UsesGlobals):
        yield


def test_every_process_has_random_numbers_of_its_own_that_the_seed_decides() -> None:
    def rewards(seed: int) -> list[float]:
        with closing(make_environments("UsesGlobals-v0", 3, seed, vectorization="async")) as environments:
            environments.reset()
            return environments.step(np.zeros(3, np.int64)).reward.tolist()

    first = rewards(0)
    assert len(set(first)) == 3
    assert rewards(0) == first != rewards(1)


def test_ctrl_c_is_for_the_main_process_alone() -> None:
    handler = signal.getsignal(signal.SIGINT)
    with closing(make_environments("TellsProcess-v0", 2, 0, vectorization="async")) as environments:
        environments.reset()
        workers = environments.step(np.zeros(2, np.int64)).reward.astype(int).tolist()
        assert len({*workers, os.getpid()}) == 3
        for worker in workers:
            os.kill(worker, signal.SIGINT)
        assert environments.step(np.zeros(2, np.int64)).reward.astype(int).tolist() == workers
    assert signal.getsignal(signal.SIGINT) is handler
