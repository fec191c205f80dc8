"""`PriorityIndex`: the promises of its documentation, one at a time."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from replay.support.index_oracle import IndexTwin
from replay.support.oracles import NaiveSumTree
from scipy.stats import chisquare

from dqn_fast import PrioritizedReplayBuffer, PriorityIndex, ReplayBuffer
from dqn_fast.replay.internals import core_index

DRAWS = 200_000
MASSES = {
    "rising": [float(i) for i in range(1, 101)],
    "with zeros": [float(i % 3) for i in range(100)],
    "one among zeros": [0.0] * 63 + [1.0] + [0.0] * 10,
    "one huge": [1.0] * 30 + [100.0] + [1.0] * 30,
}


def plain(capacity: int, **options: Any) -> PriorityIndex:
    """An index whose masses are the priorities."""
    return PriorityIndex(capacity, **{"alpha": 1.0, "priority_eps": 0.0, "seed": 0, **options})


def test_ids_count_the_leaves_and_then_their_generations() -> None:
    index = PriorityIndex(3)
    assert index.add(2).tolist() == [0, 1]
    assert index.add().tolist() == [2]
    assert index.add(3).tolist() == [3, 4, 5]
    assert index.add(2, at=[2, 0]).tolist() == [8, 6]
    assert index.add().tolist() == [9]  # leaf 0: its fourth; the cursor did not move
    assert index.capacity == len(index) == 3


def test_chosen_leaves_come_without_the_number() -> None:
    index = PriorityIndex(10)
    assert index.add(at=np.array([7, 3])).tolist() == [7, 3]
    assert index.add(at=[]).tolist() == index.add(0).tolist() == []
    assert index.add(at=()).dtype == np.int64
    assert len(index) == 2


def test_what_was_in_a_leaf_leaves() -> None:
    index = plain(2)
    index.add(2, priority=[5.0, 1.0])
    assert index.add(at=[0], priority=2.0).tolist() == [2]
    assert set(index.sample(200)[0].tolist()) == {1, 2}
    assert index.update([0, 1], [100.0, 3.0]) == 1
    assert core_index(index).masses(np.array([1, 2])).tolist() == [3.0, 2.0]


def test_removed_ids_are_not_drawn_and_are_stale() -> None:
    index = plain(4)
    index.add(4)
    assert index.remove([1, 1, 2]) == 1
    assert len(index) == 2
    assert set(index.sample(100)[0].tolist()) == {0, 3}
    assert index.update([1], [9.0]) == 1
    assert index.remove([1]) == 1
    assert index.add(4).tolist() == [4, 5, 6, 7]  # holes do not change the turn of the leaves


def test_weights_count_the_ids_that_are_held() -> None:
    index = plain(100, weight_normalization="none")
    index.add(3, priority=[1.0, 2.0, 0.0])  # one that is never drawn counts, as in a buffer
    ids, weights = index.sample(50, beta=1.0)
    np.testing.assert_allclose(weights, 1 / (3 * np.where(ids == 0, 1 / 3, 2 / 3)), rtol=1e-6)
    index.remove([2])
    ids, weights = index.sample(50, beta=1.0)
    np.testing.assert_allclose(weights, 1 / (2 * np.where(ids == 0, 1 / 3, 2 / 3)), rtol=1e-6)


def test_new_ids_get_the_largest_priority_until_it_is_cleared() -> None:
    index = plain(8)
    index.add(2, priority=[7.0, 0.5])
    index.update([0], [0.25])
    masses = core_index(index).masses
    assert masses(index.add()).tolist() == [7.0]
    index.update([1], [11.0])
    assert masses(index.add()).tolist() == [11.0]
    index.clear()
    assert len(index) == 0
    later = index.add()
    assert later.tolist() == [4]  # cursor and generations stay
    assert masses(later).tolist() == [1.0]
    assert index.update([0, 1], [1.0, 1.0]) == 2


def test_the_last_of_repeated_ids_wins_and_all_of_them_count_for_the_largest() -> None:
    index = plain(4)
    index.add(2)
    assert index.update([0, 1, 0], [9.0, 1.0, 2.0]) == 0
    assert core_index(index).masses(np.array([0, 1])).tolist() == [2.0, 1.0]
    assert core_index(index).largest_priority == 9.0


def test_an_index_draws_what_a_buffer_draws() -> None:
    """The same seed, priorities and calls: the trees and the generator are the same."""
    options: dict[str, Any] = {"alpha": 0.7, "weight_normalization": "buffer", "seed": 5}
    index, buffer = PriorityIndex(200, **options), PrioritizedReplayBuffer(200, reserve=0.0, **options)
    rng = np.random.default_rng(0)
    for t in range(100):
        priority = float(rng.random())
        index.add(priority=priority)
        buffer.add(np.float32([t]), 0, 0.0, np.float32([t + 1]), False, priority=priority)
    for _ in range(5):
        ids, weights = index.sample(32)
        batch = buffer.sample(32)
        assert (ids == batch.indices).all() and (weights == batch.weights).all()
        priorities = rng.random(32)
        index.update(ids, priorities)
        buffer.update_priorities(batch.indices, priorities)


@pytest.mark.parametrize("stratified", [True, False], ids=["stratified", "iid"])
@pytest.mark.parametrize("normalization", ["batch", "buffer", "none"])
@pytest.mark.parametrize("kind", MASSES)
def test_draws_follow_the_priorities_and_weights_the_formula(
    kind: str, normalization: str, stratified: bool
) -> None:
    masses = MASSES[kind]
    index = plain(len(masses), stratified=stratified, weight_normalization=normalization, seed=3)
    index.add(len(masses), priority=np.full(len(masses), 5.0))
    index.add(at=np.random.default_rng(0).permutation(len(masses)), priority=1.0)  # generation 1
    ids = np.arange(len(masses)) + len(masses)
    index.update(ids, masses)
    twin = IndexTwin(len(masses), 1.0, 0.0)
    twin.priorities.masses.update(zip(ids.tolist(), masses, strict=True))
    total = NaiveSumTree(twin.priorities.masses).total()
    drawn = []
    for size in [32] * 1_000 + [DRAWS]:
        found, weights = index.sample(size, beta=0.7)
        drawn.append(found)
        if size == 32:
            expected = twin.priorities.weights(found, 0.7, normalization)
            np.testing.assert_allclose(weights, expected, rtol=2e-7)
    counts = dict(zip(*np.unique(np.concatenate(drawn), return_counts=True), strict=True))
    positive = {identity: mass for identity, mass in twin.priorities.masses.items() if mass > 0}
    assert counts.keys() == positive.keys()
    if len(positive) > 1:
        size = sum(counts.values())
        expectation = [mass / total * size for mass in positive.values()]
        assert chisquare([counts[i] for i in positive], expectation).pvalue > 1e-4


def test_the_same_seed_gives_the_same_draws() -> None:
    def made(seed: int | None) -> Any:
        index = PriorityIndex(50, seed=seed)
        index.add(50, priority=np.arange(50.0))
        return index

    first, same, other = made(1), made(1), made(2)
    draw = first.sample(64)[0]
    assert (same.sample(64)[0] == draw).all()
    assert (other.sample(64)[0] != draw).any()
    assert (made(None).sample(64)[0] != made(None).sample(64)[0]).any()
    other.reseed(1)
    assert (other.sample(64)[0] == draw).all()
    other.reseed()
    assert (other.sample(64)[0] != made(1).sample(64)[0]).any()


@pytest.mark.parametrize("how", ["file", "pickle", "deepcopy", "copy"])
def test_a_copy_goes_on_and_shares_nothing(how: str, tmp_path: Path) -> None:
    index = PriorityIndex(10, beta=0.9, weight_normalization="none", seed=4)
    index.add(10, priority=1.5)
    index.add(3)
    if how == "file":
        index.save(tmp_path / "index")
        other = PriorityIndex.load(tmp_path / "index")
    else:
        other = {"pickle": lambda i: pickle.loads(pickle.dumps(i))}.get(how, getattr(copy, how, None))(index)
    for _ in range(3):
        for a, b in zip(index.sample(20), other.sample(20), strict=True):
            assert a.tobytes() == b.tobytes()
        assert index.add(2).tolist() == other.add(2).tolist()
    other.clear()
    assert len(index) == 10 and len(other) == 0


def test_only_what_was_used_is_written(tmp_path: Path) -> None:
    index = PriorityIndex(1_000_000)
    index.add(10)
    index.save(tmp_path / "index")
    assert (tmp_path / "index").stat().st_size < 1_000


def test_a_file_names_its_class_and_loads_by_any(tmp_path: Path) -> None:
    PriorityIndex(5).save(tmp_path / "index")
    assert type(ReplayBuffer.load(tmp_path / "index")) is PriorityIndex
    ReplayBuffer(5).save(tmp_path / "buffer")
    assert type(PriorityIndex.load(tmp_path / "buffer")) is ReplayBuffer


def test_every_damaged_byte_is_found(tmp_path: Path) -> None:
    path = tmp_path / "index"
    index = PriorityIndex(3, seed=0)
    index.add(3)
    index.save(path)
    data = path.read_bytes()
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        with pytest.raises(ValueError, match="saved buffer"):
            PriorityIndex.load(path)
    for size in range(len(data)):
        path.write_bytes(data[:size])
        with pytest.raises(ValueError, match=str(path)):
            PriorityIndex.load(path)


def test_a_subclass_is_saved_as_itself(tmp_path: Path) -> None:
    class NamedIndex(PriorityIndex):
        pass

    NamedIndex(4).save(tmp_path / "index")
    assert type(PriorityIndex.load(tmp_path / "index")) is NamedIndex


def test_more_memory_than_the_machine_has_is_refused() -> None:
    for capacity in (2**40, 2**48):
        with pytest.raises(MemoryError, match="capacity"):
            PriorityIndex(capacity)


@pytest.mark.parametrize("kernels", ["portable", "avx2", "avx512"])
def test_draws_are_the_same_under_every_kernel(kernels: str) -> None:
    code = (
        "import numpy as np; from dqn_fast import PriorityIndex\n"
        "index = PriorityIndex(1000, seed=1, weight_normalization='buffer')\n"
        "index.add(1000, priority=np.arange(1000) / 7)\n"
        "ids, weights = index.sample(500)\n"
        "index.update(ids, weights)\n"
        "print(hash(index.sample(500)[0].tobytes() + index.sample(500)[1].tobytes()))"
    )

    def run(name: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "DQN_FAST_KERNELS": name, "PYTHONHASHSEED": "0"}
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)

    done = run(kernels)
    if done.returncode != 0 and "DQN_FAST_KERNELS" in done.stderr:
        pytest.skip("this processor has none")
    assert done.returncode == 0, done.stderr
    assert done.stdout == run("portable").stdout


def test_tensors_are_taken_like_arrays() -> None:
    torch = pytest.importorskip("torch")
    index = plain(10)
    ids = torch.from_numpy(index.add(at=torch.tensor([4, 2, 9]), priority=torch.tensor([1.0, 2.0, 3.0])))
    assert ids.tolist() == [4, 2, 9]
    assert index.update(ids, torch.tensor([3.0, 2.0, 1.0], requires_grad=True)) == 0
    assert core_index(index).masses(ids.numpy()).tolist() == [3.0, 2.0, 1.0]
    assert index.remove(ids[::2]) == 0
    assert len(index) == 1


@pytest.mark.parametrize("wide", [8, 2_000], ids=["held under the GIL", "done without it"])
def test_any_thread_may_call_anything(wide: int) -> None:
    """Two writers, a remover and two learners: each id is held once or not at all, and nothing is lost."""
    capacity, rounds = 5_000, 12_000 // wide + 20
    index = PriorityIndex(capacity, weight_normalization="buffer", seed=0)
    index.add(1)
    failures: list[BaseException] = []
    added: list[np.ndarray] = [np.array([0])]
    removed: list[int] = []
    done = threading.Event()

    def write() -> None:
        for _ in range(rounds):
            added.append(index.add(wide, priority=2.0))

    def learn() -> None:
        while not done.is_set():
            ids, weights = index.sample(wide)
            assert np.isfinite(weights).all() and (ids >= 0).all()
            index.update(ids, weights)

    def remove() -> None:
        for i in range(rounds):
            ids = added[min(i, len(added) - 1)][-1:]
            if ids[0] != 0:
                removed.append(len(ids) - index.remove(ids))

    def save() -> None:
        for _ in range(10):
            assert pickle.loads(pickle.dumps(index)).is_valid()

    def guarded(function: Any) -> threading.Thread:
        def run() -> None:
            try:
                function()
            except BaseException as error:
                failures.append(error)

        return threading.Thread(target=run)

    workers = [guarded(work) for work in (write, write, remove, save)]
    learners = [guarded(learn) for _ in range(2)]
    for thread in workers + learners:
        thread.start()
    for thread in workers:
        thread.join()
    done.set()
    for thread in learners:
        thread.join()
    assert failures == []
    every = np.concatenate(added)
    assert len(set(every.tolist())) == len(every) == 2 * rounds * wide + 1  # no id twice
    assert index.is_valid()
    assert min(capacity, len(every)) - len(index) <= sum(removed)
