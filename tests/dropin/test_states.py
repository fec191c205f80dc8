"""What states may be in the drop-ins for experiences: missing, floats after whole numbers, bfloat16."""

from __future__ import annotations

import collections
import copy
import pickle
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from dqn_fast import PrioritizedReplayBuffer, PriorityIndex, ReplayBuffer
from dqn_fast.dropin.deque import deque
from dqn_fast.dropin.experience_replay import ExperienceReplayBuffer
from dqn_fast.dropin.pytorch_tutorial import ReplayMemory, Transition

# How a script may hold the numbers of a state.
MAKE: dict[str, Any] = {
    "number": lambda value: value,
    "list": lambda value: [value, 0],
    "array": lambda value: np.array([[value], [0]]),
    "float16": lambda value: np.array([value, 1], np.float16 if isinstance(value, float) else np.int8),
    "tensor": lambda value: torch.tensor([[value, 1]]),
}


def same(one: Any, other: Any) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@example(kind="array", maxlen=3, steps=[(0.5, False, False), (0, True, True), (0.5, False, False)])
@example(kind="tensor", maxlen=3, steps=[(0.5, True, True), (0.5, False, False), (1, False, False)])
@given(
    kind=st.sampled_from(sorted(MAKE)),
    maxlen=st.integers(1, 8),
    steps=st.lists(st.tuples(st.sampled_from([0, 1, 2, 0.5]), st.booleans(), st.booleans()), max_size=25),
)
def test_items_are_a_deques_whatever_comes_first(kind: str, maxlen: int, steps: list[Any]) -> None:
    ours, theirs = deque(maxlen=maxlen), collections.deque[Any](maxlen=maxlen)
    state = MAKE[kind](0)
    for number, (value, ends, is_missing) in enumerate(steps):
        following = MAKE[kind](value)
        item = (state, number, 0.5, None if ends and is_missing else following, ends)
        ours.append(item)
        theirs.append(item)
        assert len(ours) == len(theirs) and all(map(same, ours, theirs))
        state = following
    for again in (pickle.loads(pickle.dumps(ours)), copy.deepcopy(ours)):
        assert all(map(same, again, theirs))


@pytest.mark.parametrize("as_tensor", [False, True])
def test_a_missing_next_state_is_none_in_rows_and_zeros_in_columns(as_tensor: bool) -> None:
    buffer = ExperienceReplayBuffer(20)
    make = torch.tensor if as_tensor else np.array
    for number in range(12):
        gone = number % 4 == 3
        state = make([[1.0, number]])
        buffer.add(state, number, 0.5, None if gone else make([[1.0, number + 1]]), gone)
    batch = buffer.sample(12)
    for row, (state, action, _, following, done) in enumerate(batch):
        assert state[0, 1] == action and (following is None) == done == (action % 4 == 3)
        expected = [[0, 0]] if done else [[1, action + 1]]
        assert batch.next_states[row].tolist() == expected and batch[row][1] == action
        assert done or following.tolist() == expected
    assert batch.next_states.shape == batch.states.shape == (12, 1, 2)
    kept = [row for row in batch[2:7] if row[3] is None]
    assert [row[1] for row in kept] == [row[1] for row in list(batch)[2:7] if row[4]]
    with pytest.raises(ValueError, match=r"next_state: got None, expected a state, or done"):
        buffer.add(state, 0, 0.0, None, False)


def test_floats_after_whole_numbers_keep_the_floats_dtype() -> None:
    memory = deque(maxlen=9)
    memory.append((torch.tensor([[1, 2]]), 0, 0.0, torch.tensor([[3, 4]]), False))
    memory.append((torch.tensor([[3, 4]]), 1, 0.0, torch.tensor([[0.5, 0.25]]), False))
    assert torch.cat([item[3] for item in memory]).dtype == torch.float32
    large = deque(maxlen=9)
    large.append((np.array([2**24 + 1]), 0, 0.0, np.array([0]), False))
    large.append((np.array([0.5], np.float32), 0, 0.0, np.array([0.5], np.float32), False))
    assert large[0][0] == 2**24 + 1 and large[1][0] == 0.5  # so they are float64
    largest = deque([(np.array([2**63 - 1]), 0, 0.0, np.array([0]), False)], maxlen=9)
    with pytest.raises(TypeError, match=r"^state: got .*another kind of value"):
        largest.append((np.array([0.5]), 0, 0.0, np.array([0.5]), False))
    assert len(largest) == 1 and largest[0][0] == 2**63 - 1


def test_the_tutorials_memory_takes_floats_after_whole_numbers() -> None:
    memory = ReplayMemory(9)
    action, reward = torch.tensor([[1]]), torch.tensor([0.5])
    memory.push(torch.tensor([[1, 2]]), action, torch.tensor([[3, 4]]), reward)
    memory.push(torch.tensor([[0.5, 2]]), action, None, reward)
    batch = Transition(*zip(*memory.sample(2), strict=True))
    states = torch.cat(batch.state)
    assert states.dtype == torch.float32 and sorted(states.flatten().tolist()) == [0.5, 1, 2, 2]
    assert sum(state is None for state in batch.next_state) == 1
    at_once = ReplayMemory(9)
    at_once.push(torch.tensor([[1, 2]]), action, torch.tensor([[0.5, 2]]), reward)
    (row,) = at_once.sample(1)
    assert row.state.tolist() == [[1, 2]] and row.next_state.tolist() == [[0.5, 2]]


BFLOAT16 = torch.tensor([[0.5, 1.0078125, -3.0]], dtype=torch.bfloat16)


def test_bfloat16_comes_back_as_bfloat16() -> None:
    reward = torch.tensor([0.25], dtype=torch.bfloat16)
    memory = deque(maxlen=4)
    memory.append((BFLOAT16, 1, reward, BFLOAT16 * 2, False))
    memory.append((BFLOAT16 * 2, 1, reward, None, True))
    first, last = memory
    assert first[0].dtype == first[2].dtype == torch.bfloat16 and last[3] is None
    assert (
        torch.equal(first[0], BFLOAT16) and torch.equal(first[3], last[0]) and torch.equal(first[2], reward)
    )
    first[0].zero_()  # an item is a copy
    assert torch.equal(memory[0][0], BFLOAT16)
    plain = deque([(BFLOAT16, 1, 0.5, BFLOAT16 * 2, False)], maxlen=4)
    plain[0][0].zero_()
    assert torch.equal(plain[0][0], BFLOAT16)
    batch = plain.sample(1)
    assert batch.states.dtype == torch.bfloat16 and torch.equal(batch[0][3], BFLOAT16 * 2)
    assert torch.equal(pickle.loads(pickle.dumps(plain))[0][0], BFLOAT16)


def test_the_tutorials_memory_takes_bfloat16() -> None:
    memory = ReplayMemory(4)
    reward = torch.tensor([0.25], dtype=torch.bfloat16)
    for _ in range(3):
        memory.push(BFLOAT16, torch.tensor([[1]]), BFLOAT16 * 2, reward)
    batch = Transition(*zip(*memory.sample(2), strict=True))
    assert torch.equal(torch.cat(batch.state), torch.cat([BFLOAT16] * 2))
    assert torch.equal(torch.cat(batch.reward), torch.cat([reward] * 2))


def test_priorities_and_steps_may_be_bfloat16() -> None:
    buffer = PrioritizedReplayBuffer(8, alpha=1.0, priority_eps=0.0, seed=0)
    buffer.add(BFLOAT16[0], 1, 0.5, BFLOAT16[0] * 2, False)
    indices = buffer.indices()
    assert (
        buffer.update_priorities(torch.from_numpy(indices), torch.tensor([0.75], dtype=torch.bfloat16)) == 0
    )
    assert buffer.masses(indices) == 0.75 and np.array_equal(buffer.transitions().obs, BFLOAT16.float())
    index = PriorityIndex(4, alpha=1.0, priority_eps=0.0)
    assert index.update(index.add(), torch.tensor([0.5], dtype=torch.bfloat16)) == 0
    with pytest.raises(TypeError, match="priorities"):
        buffer.update_priorities(indices, torch.tensor([1j]))


ERRORS: dict[str, tuple[Any, ...]] = {
    "state: got shape": (np.zeros(3), 0, 0.0, np.zeros(2), False),
    "next_state: got shape": (np.zeros(2), 0, 0.0, np.zeros(3), False),
    "state: got .* expected numbers": ("ab", 0, 0.0, np.zeros(2), False),
    "state: got .* expected an array": ([[1], [1, 2]], 0, 0.0, np.zeros(2), False),
    "action: got dtype": (np.zeros(2), 0.5, 0.0, np.zeros(2), False),
    "reward: got ": (np.zeros(2), 0, "much", np.zeros(2), False),
    "done: got 2": (np.zeros(2), 0, 0.0, np.zeros(2), 2),
}


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("expected", ERRORS)
def test_errors_are_in_the_caller_s_words(expected: str, missing: bool) -> None:
    buffer = ExperienceReplayBuffer(4)
    buffer.add(np.zeros(2), 0, 0.0, None if missing else np.zeros(2), True)
    with pytest.raises((TypeError, ValueError), match=f"^{expected}"):
        buffer.add(*ERRORS[expected])
    assert len(buffer) == 1


def test_the_tutorials_errors_are_in_its_words() -> None:
    memory = ReplayMemory(4)
    state, action, reward = torch.zeros(1, 2), torch.tensor([[1]]), torch.tensor([0.5])
    with pytest.raises(ValueError, match=r"^next_state: got shape"):
        memory.push(state, action, torch.zeros(1, 3), reward)
    memory.push(state, action, state, reward)
    with pytest.raises(ValueError, match=r"^next_state: got shape"):
        memory.push(state, action, torch.zeros(1, 3), reward)
    with pytest.raises(TypeError, match=r"^action: got "):
        memory.push(state, torch.tensor([[0.5]]), state, reward)
    assert len(memory) == 1


def test_a_plain_buffer_keeps_its_own_words() -> None:
    with pytest.raises(ValueError, match=r"^next_obs: got shape"):
        ReplayBuffer(4).add(np.zeros(2), 0, 0.0, np.zeros(3), False)
