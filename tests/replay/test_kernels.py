"""The loops that are compiled for several instruction sets: which are chosen. What they compute is
compared in test_golden.py, and bit for bit in tests/cpp/test_kernels.cpp."""

from __future__ import annotations

import numpy as np
import pytest

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer, _core

KERNELS = _core.available_kernels()


def chosen() -> str:
    buffer = PrioritizedReplayBuffer(8, seed=0)
    buffer.add(np.zeros(2, np.float32), 0, 0.0, np.ones(2, np.float32), False)
    return str(buffer.stats()["kernels"])


def test_the_best_are_chosen_and_portable_ones_are_always_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DQN_FAST_KERNELS", raising=False)
    assert chosen() == KERNELS[0]
    assert KERNELS[-1] == "portable"


@pytest.mark.parametrize("name", KERNELS)
def test_the_environment_variable_overrides(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DQN_FAST_KERNELS", name)
    assert chosen() == name


def test_others_are_refused_and_nothing_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DQN_FAST_KERNELS", "abacus")
    buffer = ReplayBuffer(8)
    with pytest.raises(ValueError, match=r"DQN_FAST_KERNELS: got 'abacus', expected .*portable"):
        buffer.add([0.0], 0, 0.0, [1.0], False)
    assert len(buffer) == 0
    monkeypatch.delenv("DQN_FAST_KERNELS")
    buffer.add([0.0], 0, 0.0, [1.0], False)
    assert len(buffer) == 1
