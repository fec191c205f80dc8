"""Seeds, and whose memory a batch is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from replay.support.building import add, columns_of

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer

KINDS = [ReplayBuffer, PrioritizedReplayBuffer]
both_kinds = pytest.mark.parametrize("kind", KINDS)


def filled(kind: Any, seed: int | None = 0, **options: Any) -> Any:
    buffer = kind(100, seed=seed, **options)
    for place in range(150):
        add(buffer, place, place + 1, reward=place / 7, terminated=place % 20 == 0)
    return buffer


def bytes_of(batch: Any) -> dict[str, bytes]:
    columns = {**columns_of(batch), "weights": batch.weights, "indices": batch.indices}
    return {name: value.tobytes() for name, value in columns.items()}


@both_kinds
def test_the_same_seed_gives_the_same_batches(kind: Any) -> None:
    one, other = filled(kind), filled(kind)
    for size in (1, 7, 32, 500):
        assert bytes_of(one.sample(size, n_step=3)) == bytes_of(other.sample(size, n_step=3))


@both_kinds
def test_another_seed_gives_other_batches(kind: Any) -> None:
    drawn = {filled(kind, seed).sample(32).indices.tobytes() for seed in (0, 1, 2, 2**40, 2**63 - 1)}
    assert len(drawn) == 5


@both_kinds
def test_without_a_seed_buffers_differ(kind: Any) -> None:
    assert bytes_of(filled(kind, None).sample(64)) != bytes_of(filled(kind, None).sample(64))


@both_kinds
def test_successive_batches_differ(kind: Any) -> None:
    buffer = filled(kind)
    assert bytes_of(buffer.sample(64)) != bytes_of(buffer.sample(64))


@both_kinds
def test_neither_horizon_nor_out_changes_what_is_drawn(kind: Any) -> None:
    one, other = filled(kind), filled(kind)
    out = other.sample(32)
    assert one.sample(32).indices.tolist() == out.indices.tolist()
    other.sample(32, n_step=5, gamma=0.5, out=out)
    assert one.sample(32).indices.tolist() == out.indices.tolist()


@both_kinds
def test_looking_at_a_buffer_does_not_change_its_draws(kind: Any) -> None:
    one, other = filled(kind), filled(kind)
    _ = (one.stats(), len(one), one.is_full(), one.is_valid(), one.nbytes, one.empty_batch(4))
    assert bytes_of(one.sample(32)) == bytes_of(other.sample(32))


def test_priorities_that_are_updated_alike_give_the_same_batches() -> None:
    one, other = filled(PrioritizedReplayBuffer), filled(PrioritizedReplayBuffer)
    for _ in range(20):
        first, second = one.sample(16), other.sample(16)
        assert bytes_of(first) == bytes_of(second)
        for buffer, batch in ((one, first), (other, second)):
            buffer.update_priorities(batch.indices, np.abs(batch.reward) ** 2)


@both_kinds
def test_extend_and_add_give_the_same_buffer(kind: Any) -> None:
    places = np.arange(50, dtype=np.float32)[:, None]
    ends = np.arange(50) % 7 == 0
    one, other = kind(20, seed=0), kind(20, seed=0)
    one.extend(places, np.arange(50), places[:, 0], places + 1, ends)
    for i in range(50):
        other.add(places[i], i, places[i, 0], places[i] + 1, ends[i])
    assert one.stats() == other.stats()
    assert bytes_of(one.sample(64)) == bytes_of(other.sample(64))


@both_kinds
def test_what_happens_to_a_batch_leaves_the_buffer_as_it_was(kind: Any) -> None:
    one, other = filled(kind), filled(kind)
    batch = one.sample(500)
    other.sample(500)
    for value in (*columns_of(batch).values(), batch.weights, batch.indices):
        value[...] = 1
    assert bytes_of(one.sample(500)) == bytes_of(other.sample(500))
    assert one.is_valid()


@both_kinds
def test_what_happens_to_the_buffer_leaves_an_outstanding_batch_as_it_was(kind: Any) -> None:
    buffer = filled(kind)
    first = buffer.sample(32)
    before = bytes_of(first)
    second = buffer.sample(32)
    for place in range(300):
        add(buffer, -place, -place - 1)
    buffer.clear()
    assert bytes_of(first) == before != bytes_of(second)


@both_kinds
def test_no_two_batches_share_memory(kind: Any) -> None:
    buffer = filled(kind)
    first, second = buffer.sample(32), buffer.sample(32)
    mine = [*columns_of(first).values(), first.weights, first.indices]
    theirs = [*columns_of(second).values(), second.weights, second.indices]
    assert not any(np.shares_memory(a, b) for a in mine for b in theirs)
    assert not any(np.shares_memory(a, b) for i, a in enumerate(mine) for b in mine[:i])


def test_what_happens_to_the_arrays_that_were_added_leaves_the_buffer_as_it_was() -> None:
    buffer = ReplayBuffer(4, seed=0)
    obs, next_obs = np.zeros(3, np.float32), np.ones(3, np.float32)
    buffer.add(obs, 0, 1.0, next_obs, False)
    obs[:] = next_obs[:] = 77
    batch = buffer.sample(1)
    assert (batch.obs.tolist(), batch.next_obs.tolist()) == ([[0, 0, 0]], [[1, 1, 1]])


@both_kinds
def test_a_batch_may_be_larger_than_the_buffer(kind: Any) -> None:
    buffer = kind(1, seed=0)
    add(buffer, 3, 4)
    assert buffer.sample(1000).obs.tolist() == [[3.0]] * 1000
