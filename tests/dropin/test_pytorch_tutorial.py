"""The replay memory of PyTorch's tutorial, beside the tutorial's own."""

from __future__ import annotations

import copy
import pickle
import random
from collections import Counter, deque
from typing import Any

import numpy as np
import pytest
import torch
from dropin.cartpole import BATCH, GAMMA, RANDOM_RETURN, play, q_network
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from dqn_fast.dropin._experiences.tensor_rows import TensorRow
from dqn_fast.dropin.pytorch_tutorial import ReplayMemory, Transition


def pushed(number: int, ends: bool, chained: bool) -> tuple[Any, ...]:
    state = torch.tensor([[float(number), 0.5]])
    following = torch.tensor([[float(number + 1 if chained else -number), 0.5]])
    return state, torch.tensor([[number % 3]]), None if ends else following, torch.tensor([0.1 * number])


def key(row: Any) -> tuple[Any, ...]:
    state, action, next_state, reward = row
    return (
        tuple(state.flatten().tolist()),
        int(action),
        None if next_state is None else tuple(next_state.flatten().tolist()),
        float(reward),
    )


@given(
    capacity=st.integers(1, 20),
    steps=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60),
)
def test_it_holds_what_the_tutorials_memory_does(capacity: int, steps: list[tuple[bool, bool]]) -> None:
    ours, theirs = ReplayMemory(capacity), deque[Any]([], maxlen=capacity)
    for number, (ends, chained) in enumerate(steps):
        row = pushed(number, ends, chained)
        ours.push(*row)
        theirs.append(Transition(*row))
        assert len(ours) == len(theirs)
    drawn = ours.sample(len(ours))
    assert isinstance(drawn, list) and all(type(row) is Transition for row in drawn)
    assert Counter(map(key, drawn)) == Counter(map(key, theirs))


def test_a_states_tensor_that_goes_on_as_the_next_state_is_read_anew() -> None:
    memory = ReplayMemory(4)
    state, following = torch.zeros(1, 2), torch.ones(1, 2)
    memory.push(state, torch.tensor([[0]]), following, torch.tensor([0.0]))
    following += 1  # the same object, with other numbers
    memory.push(following, torch.tensor([[1]]), torch.zeros(1, 2), torch.tensor([0.0]))
    last = torch.zeros(1, 2)
    memory.push(torch.ones(1, 2), torch.tensor([[2]]), last, torch.tensor([0.0]))
    last.data = torch.full((1, 2), 5.0)  # the same object, and other memory
    memory.push(last, torch.tensor([[3]]), None, torch.tensor([0.0]))
    rows = sorted(map(key, memory.sample(4)), key=lambda row: row[1])
    assert rows[0][2] == (1.0, 1.0) and rows[1][0] == (2.0, 2.0)
    assert rows[2][2] == (0.0, 0.0) and rows[3][0] == (5.0, 5.0)


def test_batches_are_those_of_real_tensors() -> None:
    memory = ReplayMemory(100)
    for number in range(100):
        memory.push(*pushed(number, number % 9 == 8, True))
    drawn = memory.sample(64)
    ours = Transition(*zip(*drawn, strict=True))
    real = Transition(*([row if row is None else row.tensor() for row in column] for column in ours))
    for name, shape, dtype in (
        ("state", (64, 2), torch.float32),
        ("action", (64, 1), torch.int64),
        ("reward", (64,), torch.float32),
    ):
        batch = torch.cat(getattr(ours, name))
        assert batch.shape == shape and batch.dtype == dtype
        assert torch.equal(batch, torch.cat(getattr(real, name)))
    alive = [state for state in ours.next_state if state is not None]
    assert 0 < len(alive) < 64
    assert torch.equal(torch.cat(alive), torch.cat([state for state in real.next_state if state is not None]))
    # In another order, in part, twice, or along another axis: whatever torch.cat is given.
    assert torch.equal(torch.cat(ours.state[::-1]), torch.cat(real.state[::-1]))
    assert torch.equal(
        torch.cat(ours.state[3:9] + ours.state[5:7]), torch.cat(real.state[3:9] + real.state[5:7])
    )
    assert torch.equal(
        torch.cat((*ours.state[:3], torch.ones(1, 2))), torch.cat((*real.state[:3], torch.ones(1, 2)))
    )
    assert torch.equal(torch.cat(ours.state, 1), torch.cat(real.state, 1))
    at = next(i for i, state in enumerate(ours.next_state) if state is not None)
    assert torch.equal(
        torch.cat((ours.state[at], ours.next_state[at])), torch.cat((real.state[at], real.next_state[at]))
    )
    assert torch.equal(torch.stack(ours.state), torch.stack(real.state))
    # The buffer does not share memory with a batch.
    torch.cat(ours.state).zero_()
    assert torch.equal(torch.cat(ours.state), torch.cat(real.state))


def test_a_row_stands_for_its_tensor() -> None:
    memory = ReplayMemory(1)
    memory.push(*pushed(3, False, True))
    (row,) = memory.sample(1)
    state, tensor = row.state, torch.tensor([[3.0, 0.5]])
    assert type(state) is TensorRow and state.shape == (1, 2) and state.dtype == torch.float32
    assert torch.equal(state + 1, tensor + 1) and torch.equal(1 - state, 1 - tensor)
    assert torch.equal(tensor * state, tensor * tensor) and torch.equal(state @ tensor.T, tensor @ tensor.T)
    assert torch.equal(state == tensor, torch.ones(1, 2, dtype=torch.bool)) and bool((-state < state).all())
    assert torch.equal(state[0], tensor[0]) and torch.equal(state.max(1).values, tensor.max(1).values)
    assert len(state) == 1 and float(row.reward) == pytest.approx(0.3) and int(row.action) == 0
    assert np.array_equal(np.asarray(state), tensor.numpy()) and repr(state) == repr(tensor)
    assert torch.equal(nn.functional.relu(state), tensor) and torch.equal(torch.add(state, state), 2 * tensor)
    assert torch.equal(copy.deepcopy(state), tensor) and torch.equal(
        pickle.loads(pickle.dumps(state)), tensor
    )
    assert hash(state) == hash(state)


def test_a_draw_has_no_repeats_and_more_than_there_is_is_an_error() -> None:
    random.seed(1)
    memory = ReplayMemory(50)
    for number in range(50):
        memory.push(*pushed(number, False, True))
    for _ in range(50):
        states = [float(row.state[0, 0]) for row in memory.sample(40)]
        assert len(set(states)) == 40
    with pytest.raises(ValueError, match="batch_size: got 51"):
        memory.sample(51)
    with pytest.raises(TypeError):
        memory.push(torch.zeros(1, 2))
    with pytest.raises(ValueError, match=r"^state: got shape"):
        memory.push(torch.zeros(1, 3), torch.tensor([[0]]), None, torch.tensor([0.0]))
    assert len(memory) == 50


def test_tensors_that_need_gradients_and_rewards_of_integers_are_taken() -> None:
    memory = ReplayMemory(3)
    state = torch.ones(1, 2, dtype=torch.float64, requires_grad=True)
    memory.push(state, torch.tensor([[0.5, 0.25]]), state * 2, torch.tensor([0]))
    memory.push(state * 2, torch.tensor([[0.75, 0.5]]), None, torch.tensor([0.5]))
    batch = Transition(*zip(*memory.sample(2), strict=True))
    assert torch.cat(batch.state).dtype == torch.float64 and torch.cat(batch.action).shape == (2, 2)
    assert (
        sorted(torch.cat(batch.reward).tolist()) == [0.0, 0.5]
        and torch.cat(batch.reward).dtype == torch.float32
    )


def test_the_tutorials_loop_learns_cartpole() -> None:
    policy_net, target_net = q_network(), q_network()
    optimizer = torch.optim.AdamW(policy_net.parameters(), lr=1e-3)
    memory = ReplayMemory(2_000)
    last: list[Any] = [None, None]
    updates = 0

    def learn() -> None:
        nonlocal updates
        batch = Transition(*zip(*memory.sample(BATCH), strict=True))
        mask = torch.tensor(tuple(state is not None for state in batch.next_state), dtype=torch.bool)
        following = torch.cat([state for state in batch.next_state if state is not None])
        q = policy_net(torch.cat(batch.state)).gather(1, torch.cat(batch.action))
        bootstrap = torch.zeros(BATCH)
        with torch.no_grad():
            bootstrap[mask] = target_net(following).max(1).values
        target = bootstrap * GAMMA + torch.cat(batch.reward)
        loss = nn.SmoothL1Loss()(q, target.unsqueeze(1))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_value_(policy_net.parameters(), 100)
        optimizer.step()
        updates += 1
        if updates % 100 == 0:
            target_net.load_state_dict(policy_net.state_dict())

    def remember(state: Any, action: int, reward: float, next_state: Any, done: bool, _: bool) -> None:
        before = last[1] if state is last[0] else torch.tensor(state).unsqueeze(0)
        after = None if done else torch.tensor(next_state).unsqueeze(0)
        memory.push(before, torch.tensor([[action]]), after, torch.tensor([reward]))
        last[:] = next_state, after

    assert play(policy_net, remember, learn) > 2 * RANDOM_RETURN
