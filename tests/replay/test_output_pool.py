"""Large arrays of batches take turns with memory; each has its own as long as anybody looks at it."""

from __future__ import annotations

import pickle
import threading

import numpy as np
import pytest

from dqn_fast import ReplayBuffer

WIDE = 1_000  # numbers in an observation: arrays of batches are large


@pytest.fixture
def buffer() -> ReplayBuffer:
    """Its steps tell themselves apart: every number of an observation is the step's."""
    made = ReplayBuffer(300, seed=0)
    for t in range(300):
        obs, next_obs = np.full(WIDE, t, np.float32), np.full(WIDE, t + 1, np.float32)
        made.add(obs, t, float(t), next_obs, False)
    return made


def is_right(batch: object) -> bool:
    obs, action, next_obs = batch.obs, batch.action, batch.next_obs  # type: ignore[attr-defined]
    return bool((obs == action[:, None]).all() and (next_obs == action[:, None] + 1).all())


def test_batches_that_live_together_share_nothing(buffer: ReplayBuffer) -> None:
    batches = [buffer.sample(32) for _ in range(20)]
    arrays = [array for batch in batches for array in (batch.obs, batch.next_obs)]
    assert not any(np.shares_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])
    assert all(is_right(batch) for batch in batches)


def test_a_view_keeps_its_memory(buffer: ReplayBuffer) -> None:
    batch = buffer.sample(32)
    row, expected = batch.obs[3][::2], batch.obs[3][::2].copy()
    del batch
    for _ in range(50):
        buffer.sample(32).obs[:] = -1.0
    np.testing.assert_array_equal(row, expected)


def test_the_memory_of_a_batch_that_is_gone_is_used_again(buffer: ReplayBuffer) -> None:
    seen = {buffer.sample(32).obs.ctypes.data for _ in range(100)}
    assert len(seen) <= 4


def test_arrays_are_ordinary_arrays(buffer: ReplayBuffer) -> None:
    obs = buffer.sample(32).obs
    assert obs.flags.c_contiguous and obs.flags.writeable and obs.flags.aligned
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(obs)), obs)


def test_threads_take_and_give_back_memory_at_the_same_time(buffer: ReplayBuffer) -> None:
    wrong: list[int] = []

    def draw(size: int) -> None:
        for _ in range(100):
            kept = [buffer.sample(size) for _ in range(3)]
            if not all(is_right(batch) for batch in kept):
                wrong.append(size)

    threads = [threading.Thread(target=draw, args=(size,)) for size in (16, 32, 32, 64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
