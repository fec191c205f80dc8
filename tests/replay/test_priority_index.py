"""`PriorityIndex`: its ids, its priorities and who may call it, as its documentation promises."""

from __future__ import annotations

import pickle
import threading
from typing import Any

import numpy as np
import pytest
from replay.support.building import plain_index

from dqn_fast import PriorityIndex
from dqn_fast.replay.internals import core_index


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
    index = plain_index(2)
    index.add(2, priority=[5.0, 1.0])
    assert index.add(at=[0], priority=2.0).tolist() == [2]
    assert set(index.sample(200)[0].tolist()) == {1, 2}
    assert index.update([0, 1], [100.0, 3.0]) == 1
    assert core_index(index).masses(np.array([1, 2])).tolist() == [3.0, 2.0]


def test_removed_ids_are_not_drawn_and_are_stale() -> None:
    index = plain_index(4)
    index.add(4)
    assert index.remove([1, 1, 2]) == 1
    assert len(index) == 2
    assert set(index.sample(100)[0].tolist()) == {0, 3}
    assert index.update([1], [9.0]) == 1
    assert index.remove([1]) == 1
    assert index.add(4).tolist() == [4, 5, 6, 7]  # holes do not change the turn of the leaves


def test_new_ids_get_the_largest_priority_until_it_is_cleared() -> None:
    index = plain_index(8)
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
    index = plain_index(4)
    index.add(2)
    assert index.update([0, 1, 0], [9.0, 1.0, 2.0]) == 0
    assert core_index(index).masses(np.array([0, 1])).tolist() == [2.0, 1.0]
    assert core_index(index).largest_priority == 9.0


def test_more_memory_than_the_machine_has_is_refused() -> None:
    for capacity in (2**40, 2**48):
        with pytest.raises(MemoryError, match="capacity"):
            PriorityIndex(capacity)


def test_tensors_are_taken_like_arrays() -> None:
    torch = pytest.importorskip("torch")
    index = plain_index(10)
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
