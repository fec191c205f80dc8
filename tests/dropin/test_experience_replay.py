"""The articles' replay buffer, beside their class in plain Python."""

from __future__ import annotations

import random
from collections import Counter, deque
from typing import Any

import numpy as np
import pytest
import torch
from dropin.cartpole import BATCH, RANDOM_RETURN, Learner, play, q_network
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dqn_fast.dropin.experience_replay import ExperienceReplayBuffer


class TheirReplayBuffer:
    """The articles' class, in plain Python."""

    def __init__(self, size: int) -> None:
        self.buffer: deque[Any] = deque(maxlen=size)

    def add(self, *experience: Any) -> None:
        self.buffer.append(experience)

    def is_full(self) -> bool:
        return len(self.buffer) == self.buffer.maxlen

    def sample(self, batch_size: int) -> list[Any]:
        return random.sample(self.buffer, batch_size)


def experience(number: int, chained: bool = True) -> tuple[Any, ...]:
    state = np.array([number, 0.5], np.float32)
    following = state + np.float32([1, 0]) if chained else -state
    return state, number % 3, 0.1 * number, following, number % 5 == 4


def key(row: tuple[Any, ...]) -> tuple[Any, ...]:
    state, action, reward, next_state, done = row
    return np.asarray(state).tobytes(), action, reward, np.asarray(next_state).tobytes(), done


@given(size=st.integers(1, 20), chained=st.lists(st.booleans(), min_size=1, max_size=60))
def test_it_holds_and_gives_what_their_class_does(size: int, chained: list[bool]) -> None:
    ours, theirs = ExperienceReplayBuffer(size), TheirReplayBuffer(size)
    for number, is_chained in enumerate(chained):
        ours.add(*experience(number, is_chained))
        theirs.add(*experience(number, is_chained))
        assert ours.is_full() == theirs.is_full()
    assert len(ours) == len(theirs.buffer)
    everything = ours.sample(len(ours))
    assert Counter(map(key, everything)) == Counter(map(key, theirs.buffer))


def test_a_draw_has_no_repeats_and_is_uniform() -> None:
    random.seed(3)
    buffer = ExperienceReplayBuffer(10)
    for number in range(13):
        buffer.add(*experience(number))
    pairs: Counter[tuple[int, ...]] = Counter()
    for _ in range(9_000):
        actions = tuple(int(state[0]) for state, *_ in buffer.sample(2))
        assert len(set(actions)) == 2
        pairs[actions] += 1
    assert len(pairs) == 90
    assert stats.chisquare(list(pairs.values())).pvalue > 1e-4


def test_more_than_it_holds_is_an_error() -> None:
    buffer = ExperienceReplayBuffer(10)
    with pytest.raises(ValueError, match="batch_size: got 1"):
        buffer.sample(1)
    buffer.add(*experience(0))
    with pytest.raises(ValueError, match=r"batch_size: got 2, expected at most 1, the transitions held"):
        buffer.sample(2)
    with pytest.raises(ValueError, match="size"):
        ExperienceReplayBuffer(0)


def test_the_seed_of_random_decides_the_draws() -> None:
    draws = []
    for _ in range(2):
        random.seed(7)
        buffer = ExperienceReplayBuffer(50)
        for number in range(50):
            buffer.add(*experience(number))
        draws.append([action for _, action, *_ in buffer.sample(20)])
    assert draws[0] == draws[1]


def test_rows_zip_and_arrays_are_the_same_experiences() -> None:
    buffer = ExperienceReplayBuffer(50)
    for number in range(50):
        buffer.add(*experience(number))
    batch = buffer.sample(8)
    states, actions, rewards, next_states, dones = batch.arrays()
    for row, (state, action, reward, next_state, done) in enumerate(batch):
        assert np.array_equal(state, states[row]) and np.array_equal(next_state, next_states[row])
        assert (type(action), type(reward), type(done)) == (int, float, bool)
        assert (action, reward, done) == (actions[row], rewards[row], dones[row])
        assert key(batch[row]) == key((state, action, reward, next_state, done))
    for column, array, named in zip(
        zip(*batch, strict=True),
        batch.arrays(),
        (batch.states, batch.actions, batch.rewards, batch.next_states, batch.dones),
        strict=True,
    ):
        assert np.array_equal(np.array(column), array) and np.array(column).dtype == array.dtype
        assert named is array
    assert len(batch) == 8 and len(batch[2:5]) == 3
    with pytest.raises(ValueError, match="too many values"):
        states, actions, rewards, next_states, dones = batch
    with pytest.raises(AttributeError, match="state"):
        batch.state  # noqa: B018
    with pytest.raises(IndexError):
        batch[8]


def test_tensors_lists_and_extra_axes_come_back_as_their_class_would_stack_them() -> None:
    forms: dict[str, Any] = {
        "array": (np.ones((1, 4)), 1, 1.0, np.zeros((1, 4)), False),
        "list": ([0.25, 0.5], 1, 1, [0.5, 0.75], 0),
        "numbers": (3, np.int64(1), np.float64(0.1), 4, np.bool_(True)),
        "arrays": (np.ones((1, 4), np.float32), np.array([1]), np.array([1.0]), np.zeros((1, 4), np.float32),
                   np.array([True])),
    }  # fmt: skip
    for row in forms.values():
        buffer = ExperienceReplayBuffer(4)
        buffer.add(*row)
        for theirs, ours in zip(row, buffer.sample(1).arrays(), strict=True):
            expected = np.array([theirs])
            assert np.array_equal(ours, expected) and ours.shape == expected.shape
            assert ours.dtype == expected.dtype or theirs is row[2]  # rewards are floating
    buffer = ExperienceReplayBuffer(4)
    row = (
        torch.ones(1, 4),
        torch.tensor([[1]]),
        torch.tensor([1.0]),
        torch.zeros(1, 4),
        torch.tensor([True]),
    )
    buffer.add(*row)
    (back,) = buffer.sample(1)
    for theirs, ours in zip(row, back, strict=True):
        assert torch.equal(theirs, ours) and theirs.dtype == ours.dtype


def test_rows_of_tensors_are_joined_as_tensors_are() -> None:
    buffer = ExperienceReplayBuffer(50)
    for n in range(50):
        buffer.add(
            torch.full((1, 2), n), n, torch.tensor([0.5 * n]), torch.full((2,), n + 1)[None], n % 9 == 0
        )
    batch = buffer.sample(16)
    states, actions, rewards, next_states, dones = zip(*batch, strict=True)
    for joined, column in ((torch.cat(states), batch.states), (torch.stack(next_states), batch.next_states)):
        assert type(joined) is torch.Tensor and joined.dtype == torch.int64
        assert torch.equal(joined.flatten(), column.flatten())
    assert torch.equal(torch.cat(states)[:, 0], torch.tensor(actions))
    # A list of tensors of one number is a list of numbers.
    assert torch.equal(torch.tensor(rewards), 0.5 * torch.tensor(actions)) and torch.cat(rewards).shape == (
        16,
    )
    assert torch.equal(torch.tensor(dones), torch.tensor(actions) % 9 == 0)
    for state, action, _, next_state, _ in batch:
        assert torch.equal(state + 1, next_state) and state.shape == (1, 2) and (state == action).all()
    assert list(batch[3:3]) == []
    network = torch.nn.Linear(2, 3)
    assert torch.equal(network(states[0].float()), network(torch.full((1, 2), float(actions[0]))))


def test_a_reward_of_another_type_keeps_its_value() -> None:
    buffer = ExperienceReplayBuffer(4)
    for number, reward in enumerate((0, 0.1, np.float32(0.5))):
        buffer.add([number], 0, reward, [number + 1], False)
    assert sorted(buffer.sample(3).rewards.tolist()) == [0.0, 0.1, 0.5]


def test_bad_input_names_the_argument_and_changes_nothing() -> None:
    buffer = ExperienceReplayBuffer(4)
    with pytest.raises(ValueError, match="done: got 2"):
        buffer.add(np.zeros(2), 0, 0.0, np.zeros(2), 2)
    buffer.add(np.zeros(2), 0, 0.0, np.zeros(2), False)
    with pytest.raises(ValueError, match=r"^state: got shape"):
        buffer.add(np.zeros(3), 0, 0.0, np.zeros(2), False)
    with pytest.raises(TypeError, match="action"):
        buffer.add(np.zeros(2), 0.5, 0.0, np.zeros(2), False)
    assert len(buffer) == 1


def test_an_articles_loop_with_pytorch_learns_cartpole() -> None:
    network = q_network()
    learner, buffer = Learner(network), ExperienceReplayBuffer(2_000)

    def learn() -> None:
        states, actions, rewards, next_states, dones = zip(*buffer.sample(BATCH), strict=True)
        learner(
            torch.tensor(np.array(states)),
            torch.tensor(actions),
            torch.tensor(rewards),
            torch.tensor(np.array(next_states)),
            torch.tensor(dones, dtype=torch.float32),
        )

    def remember(state: Any, action: int, reward: float, next_state: Any, done: bool, _: bool) -> None:
        buffer.add(state, action, reward, next_state, done)

    assert play(network, remember, learn) > 2 * RANDOM_RETURN
    assert buffer.is_full()


def test_a_loop_with_numpy_batches_learns_a_linear_value() -> None:
    # As a user of TensorFlow or JAX takes a batch: arrays, to which a library would be applied next.
    buffer = ExperienceReplayBuffer(500)
    weights = np.zeros((2, 5))

    def features(states: Any) -> Any:
        return np.concatenate([states, np.ones((len(states), 1))], 1)

    errors = []

    def learn() -> None:
        nonlocal weights
        states, actions, rewards, next_states, dones = buffer.sample(BATCH).arrays()
        bootstrap = (features(next_states) @ weights.T).max(1)
        target = rewards + 0.5 * bootstrap * (1 - dones.astype(np.float64))
        q = (features(states) @ weights.T)[np.arange(BATCH), actions]
        errors.append(np.abs(target - q).mean())
        for action in range(2):
            chosen = actions == action
            weights[action] += 0.1 * ((target - q)[chosen] @ features(states)[chosen]) / BATCH
        for state, action, _, _, _ in buffer.sample(1):
            assert state.shape == (4,) and action in (0, 1)

    def remember(state: Any, action: int, reward: float, next_state: Any, done: bool, _: bool) -> None:
        buffer.add(state, action, reward, next_state, done)

    play(q_network(), remember, learn, steps=1_500)
    assert np.mean(errors[-20:]) < 0.5 * np.mean(errors[:20])
