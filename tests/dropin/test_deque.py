"""A deque of experiences, beside `collections.deque`."""

from __future__ import annotations

import collections
import copy
import pickle
import random
import weakref
from typing import Any

import numpy as np
import pytest
import torch
from dropin.cartpole import BATCH, RANDOM_RETURN, Learner, play, q_network
from hypothesis import given
from hypothesis import strategies as st

from dqn_fast.dropin.deque import deque


def same(ours: Any, theirs: Any) -> bool:
    return len(ours) == len(theirs) and all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


@given(
    maxlen=st.integers(1, 12),
    steps=st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 2)), min_size=1, max_size=60),
)
def test_every_item_is_that_of_a_deque(maxlen: int, steps: list[tuple[bool, bool, int]]) -> None:
    ours: Any = deque(maxlen=maxlen)
    theirs: Any = collections.deque(maxlen=maxlen)
    state = np.zeros(2)
    for number, (done, jumps, value) in enumerate(steps):
        # There are few distinct states, so that bytes alone do not tell breaks from joins.
        next_state = np.array([float(value), 0.0])
        item = (state, number, 0.1 * number, next_state, done)
        ours.append(item)
        theirs.append(item)
        state = np.array([float(value + 1), 0.0]) if jumps else next_state
        assert len(ours) == len(theirs) and same(ours[-1], theirs[-1]) and same(ours[0], theirs[0])
    assert all(same(a, b) for a, b in zip(ours, theirs, strict=True))


def test_an_item_is_what_it_was_when_it_was_taken() -> None:
    memory = deque(maxlen=3)
    memory.extend((np.full(2, n), n, float(n), np.full(2, n + 1), False) for n in range(3))
    oldest, newest = memory[0], memory[2]
    memory.extend((np.full(2, n), n, float(n), np.full(2, n + 1), False) for n in range(3, 10))
    assert (oldest[1], newest[1], memory[0][1]) == (0, 2, 7)
    memory.clear()
    assert len(memory) == 0 and memory.maxlen == 3 and oldest[2] == 0.0
    memory.append((np.ones(2), 5, 0.0, np.ones(2), True))
    assert memory[0][1] == 5 and same(memory[0], (np.ones(2), 5, 0.0, np.ones(2), True))


def test_states_of_one_dtype_do_not_continue_those_of_another() -> None:
    memory = deque(maxlen=10)
    bits = np.array([1, 0], np.int64)
    memory.append((np.zeros(2), 0, 0.0, bits.view(np.float64), False))
    memory.append((bits, 1, 0.0, np.zeros(2), False))  # the same bytes, other numbers
    memory.append((np.zeros(2), 2, 0.0, np.ones(2), False))
    assert np.array_equal(memory[1][0], [1.0, 0.0]) and [item[1] for item in memory] == [0, 1, 2]


def test_tensors_come_back_as_tensors() -> None:
    memory = deque(maxlen=4)
    items = [(torch.full((1, 2), n), n, float(n), torch.full((1, 2), n + 1), False) for n in range(3)]
    memory.extend(items)
    for ours, theirs in zip(random.sample(memory, 3), random.sample(items, 3), strict=True):
        assert torch.equal(torch.cat([ours[0], theirs[0]]) * 0, torch.zeros(2, 2)) and type(ours[1]) is int
    states, *_ = zip(*memory[:], strict=True)
    assert torch.equal(torch.cat(states), torch.cat([item[0] for item in items]))


CHANGES: tuple[Any, ...] = (
    lambda tensor: tensor.add_(1),
    lambda tensor: tensor[..., 0].fill_(-1),  # through a view
    lambda tensor: tensor.data.zero_(),
    lambda tensor: tensor.numpy().fill(7),
    lambda tensor: tensor.detach().mul_(float("nan")),
    lambda tensor: tensor.copy_(tensor.flip(-1)),
    lambda tensor: tensor,
)


@given(maxlen=st.integers(1, 8), scalars=st.booleans(), data=st.data())
def test_whatever_is_done_to_tensors_items_are_those_of_a_deque(
    maxlen: int, scalars: bool, data: st.DataObject
) -> None:
    ours: Any = deque(maxlen=maxlen)
    theirs: Any = collections.deque(maxlen=maxlen)
    held = []  # by somebody
    for number in range(data.draw(st.integers(1, 30))):
        rest = (torch.tensor([[number]]), torch.tensor([0.5]), torch.tensor([True]))
        action, reward, done = rest if scalars else (number, number % 2 / 2, number % 5 == 4)
        item = (torch.full((1, 2), float(number)), action, reward, torch.rand(1, 2), done)
        ours.append(item)
        theirs.append(copy.deepcopy(item))
        for at in data.draw(st.lists(st.integers(0, len(ours) - 1), max_size=4)):
            taken = ours[at]
            assert same(taken, theirs[at]) and list(map(type, taken)) == list(map(type, theirs[at]))
            data.draw(st.sampled_from(CHANGES))(taken[data.draw(st.sampled_from((0, 3)))])
            if data.draw(st.booleans()):
                held.append(taken)
        if data.draw(st.integers(0, 9)) == 0:
            ours.clear()
            theirs.clear()
    assert all(same(a, b) for a, b in zip(ours, theirs, strict=True))


def test_tensors_that_nobody_changed_are_given_out_again() -> None:
    items = [(torch.full((1, 2), n), n, 0.5 * n, torch.full((1, 2), n + 1), False) for n in range(6)]
    memory = deque(items, maxlen=4)
    first = memory[1]
    assert memory[1] is first and memory[2] is not first
    first[3].zero_()
    assert memory[1] is not first and same(memory[1], items[3]) and not first[3].any()
    memory.append(items[0])
    assert same(memory[0], items[3]) and same(memory[3], items[0])
    mixed = deque([(np.zeros(2), 0, torch.tensor([1.0]), np.ones(2), False)], maxlen=4)
    assert mixed[0] is not mixed[0] and type(mixed[0][0]) is np.ndarray  # arrays may be reshaped by a caller


def test_tensors_that_would_need_too_much_room_are_not_kept() -> None:
    large = torch.zeros(1, 1024, 1024)  # 4 MB each, twice in each item
    for maxlen, is_kept in ((4, True), (40, False)):
        memory = deque([(large + n, n, 0.0, large + n + 1, False) for n in range(4)], maxlen=maxlen)
        for at in (0, 3, 0, 2, 1, 3):
            assert bool((memory[at][0] == at).all()) and bool((memory[at][3] == at + 1).all())
            assert (memory[at] is memory[at]) == is_kept


def test_indices_outside_and_a_missing_maxlen_are_errors() -> None:
    memory = deque([(np.zeros(2), 0, 0.0, np.zeros(2), False)], maxlen=2)
    for index in (1, -2):
        with pytest.raises(IndexError, match="expected one of 1 tuples"):
            memory[index]
    with pytest.raises(TypeError, match="maxlen"):
        deque()
    with pytest.raises(ValueError, match="maxlen"):
        deque(maxlen=0)
    item = memory[np.int64(-1)]
    assert len(memory) == 1 and "False" in repr(item) and item.index(0.0, 2) == 2
    assert same(copy.copy(memory[0]), item) and same(pickle.loads(pickle.dumps(memory[0])), item)


def test_random_sample_draws_what_it_would_of_a_deque() -> None:
    items = [(np.full(2, n), n, 0.5 * n, np.full(2, n + 1), n % 7 == 6) for n in range(80)]
    ours, theirs = deque(items, maxlen=50), collections.deque(items, maxlen=50)
    random.seed(2)
    expected = random.sample(theirs, 20)
    random.seed(2)
    assert all(same(a, b) for a, b in zip(random.sample(ours, 20), expected, strict=True))
    with pytest.raises(ValueError, match="larger than population"):
        random.sample(ours, 51)
    actions = [item[1] for item in ours.sample(50)]
    assert sorted(actions) == list(range(30, 80))
    with pytest.raises(ValueError, match="batch_size: got 51"):
        ours.sample(51)


def test_what_is_still_held_of_an_item_is_not_given_out_again() -> None:
    items = [(np.full(2, float(n)), n, 0.5 * n, np.full(2, n + 1.0), n % 7 == 6) for n in range(40)]
    memory = deque(items, maxlen=40)
    for _ in range(3):
        every = memory[:]
        tuples, states, watched = every[:10], [item[0] for item in every[10:20]], every[20][3]
        dead = weakref.ref(every[20][3])
        every[21][0].shape = (1, 2)  # the caller may change an array that he holds
        every[22][0].flags.writeable = False
        every[23][3].dtype = np.int64
        del every, watched
        random.sample(memory, 30)
        assert all(same(a, b) for a, b in zip(memory, items, strict=True))
        assert all(same(a, b) for a, b in zip(tuples, items[:10], strict=True))
        assert all(np.array_equal(a, b[0]) for a, b in zip(states, items[10:20], strict=True))
        assert dead() is None or np.array_equal(dead(), items[20][3])


def test_items_of_numbers_are_equal_and_hash_as_what_was_appended() -> None:
    items = [(n, n % 2, 0.5, n + 1, False) for n in range(20)]
    memory = deque(items, maxlen=20)
    for _ in range(3):
        assert [hash(item) for item in memory] == [hash(item) for item in items]
        assert memory[3] == items[3] and list(map(type, memory[3])) == [int, int, float, int, bool]


@pytest.mark.parametrize(
    "dtype", [np.float16, np.float32, np.float64, np.uint8, np.int16, np.int32, np.uint64]
)
def test_numbers_of_every_type_come_back(dtype: Any) -> None:
    largest = np.iinfo(dtype).max if np.dtype(dtype).kind in "iu" else np.finfo(dtype).max
    memory = deque(
        [(dtype(3), dtype(largest), 1.0, dtype(4), 1.0), (dtype(4), dtype(0), 1.0, dtype(5), 0.0)], maxlen=2
    )
    assert memory[:] == [(3, largest, 1.0, 4, 1.0), (4, 0, 1.0, 5, 0.0)]
    assert (
        type(memory[0][1]) is (int if np.dtype(dtype).kind in "iu" else float) and type(memory[0][4]) is float
    )


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda memory: pickle.loads(pickle.dumps(memory))]
)
def test_a_copy_goes_on_by_itself(again: Any) -> None:
    items = [(np.full(2, n), n, 0.5 * n, np.full(2, n + 1), n % 7 == 6) for n in range(80)]
    memory = deque(items[:60], maxlen=50)
    copied = again(memory)
    copied.extend(items[60:])
    assert type(copied) is deque and len(copied) == copied.maxlen == 50
    assert all(same(a, b) for a, b in zip(copied, items[30:], strict=True))
    assert all(same(a, b) for a, b in zip(memory, items[10:60], strict=True))
    assert len(again(deque(maxlen=3))) == 0


@pytest.mark.parametrize("draw", [random.sample, lambda memory, count: memory.sample(count)])
def test_a_deques_loop_learns_cartpole(draw: Any) -> None:
    network = q_network()
    learner, memory = Learner(network), deque(maxlen=2_000)

    def learn() -> None:
        batch = draw(memory, BATCH)
        states, actions, rewards, next_states, dones = map(np.array, zip(*batch, strict=True))
        learner(
            torch.as_tensor(states),
            torch.as_tensor(actions),
            torch.as_tensor(rewards, dtype=torch.float32),
            torch.as_tensor(next_states),
            torch.as_tensor(dones, dtype=torch.float32),
        )

    def remember(state: Any, action: int, reward: float, next_state: Any, done: bool, _: bool) -> None:
        memory.append((state, action, reward, next_state, done))

    assert play(network, remember, learn) > 2 * RANDOM_RETURN
