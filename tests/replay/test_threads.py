"""Any thread may call anything: no torn row, nothing lost, no deadlock."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer

WRITERS, STEPS = 3, 2_000


@pytest.mark.parametrize("wide", [4, 5_000], ids=["held under the GIL", "copied without it"])
@pytest.mark.parametrize("buffer_class", [ReplayBuffer, PrioritizedReplayBuffer])
def test_rows_are_never_torn(buffer_class: type[ReplayBuffer], wide: int):
    """Every number of a transition follows from its first one; three writers, two readers."""
    buffer = buffer_class(1_000, num_envs=WRITERS, seed=0)
    failures: list[BaseException] = []
    done = threading.Event()

    def observation(t: int) -> np.ndarray:
        return np.full((1, wide), t, np.float32)

    def write(env: int) -> None:
        for t in range(STEPS if wide == 4 else STEPS // 10):
            buffer.extend(observation(t), [2 * t], [3.0 * t], observation(t + 1), [t % 50 == 49], env=env)

    def read() -> None:
        while not done.is_set():
            if len(buffer) == 0:
                continue
            batch = buffer.sample(64)
            t = batch.obs[:, :1]
            np.testing.assert_array_equal(batch.obs, np.broadcast_to(t, batch.obs.shape))
            np.testing.assert_array_equal(batch.next_obs, np.broadcast_to(t + 1, batch.obs.shape))
            np.testing.assert_array_equal(batch.action, 2 * t[:, 0])
            np.testing.assert_array_equal(batch.reward, 3 * t[:, 0])
            if isinstance(buffer, PrioritizedReplayBuffer):
                buffer.update_priorities(batch.indices, batch.reward)

    def guarded(function, *arguments) -> threading.Thread:
        def run() -> None:
            try:
                function(*arguments)
            except BaseException as error:
                failures.append(error)

        return threading.Thread(target=run)

    writers = [guarded(write, env) for env in range(WRITERS)]
    readers = [guarded(read) for _ in range(2)]
    for thread in writers + readers:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    assert failures == []
    assert buffer.stats()["added"] == WRITERS * (STEPS if wide == 4 else STEPS // 10)
    assert buffer.is_valid()


def test_two_first_adds_make_one_memory():
    for _ in range(50):
        buffer = ReplayBuffer(100)
        start = threading.Barrier(4)

        def add(buffer: ReplayBuffer = buffer, start: threading.Barrier = start) -> None:
            start.wait()
            buffer.add([1.0], 0, 1.0, [2.0], False)

        threads = [threading.Thread(target=add) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(buffer) == 4
