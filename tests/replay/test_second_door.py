"""What a buffer says of itself, and how it is asked for chosen steps: without reaching into it."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from replay.support.building import add

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer
from dqn_fast.replay import BufferSchema, Leaf


def space(shape: tuple[int, ...], dtype: Any) -> Any:
    return SimpleNamespace(shape=shape, dtype=np.dtype(dtype))


def test_the_schema_is_what_add_takes_for_one_environment() -> None:
    observation = {"image": space((8, 8, 3), np.uint8), "deep": {"speed": space((), np.float64)}}
    buffer = ReplayBuffer(
        20,
        observation,
        space((), np.int64),
        num_envs=4,
        frame_stack={"image": 3},
        frame_axis={"image": -1},
        extra_fields={"state": ((2, 5), np.float32)},
    )
    assert buffer.num_envs == 4
    assert buffer.schema == BufferSchema(
        obs={
            "image": Leaf((8, 8, 3), np.dtype(np.uint8), 3),
            "deep": {"speed": Leaf((), np.dtype(np.float64), 1)},
        },
        action=Leaf((), np.dtype(np.int64), 1),
        reward=Leaf((), np.dtype(np.float32), 1),
        extra={"state": Leaf((2, 5), np.dtype(np.float32), 1)},
    )


def test_the_schema_is_none_until_every_field_is_known() -> None:
    buffer = ReplayBuffer(5, space((3,), np.float32))
    assert buffer.schema is None
    with pytest.raises(TypeError, match="action"):
        buffer.add(np.zeros(3), "left", 0.0, np.zeros(3), False)
    assert buffer.schema is None
    buffer.add(np.zeros(3), [1, 2], 0.0, np.zeros(3), False)
    assert buffer.schema is not None
    assert buffer.schema.action == Leaf((2,), np.dtype(np.int64), 1)


def filled(kind: type = ReplayBuffer, **options: Any) -> Any:
    buffer = kind(6, seed=0, **options)
    for step in range(9):
        add(buffer, step, step + 1, reward=float(step), terminated=step == 7)
    return buffer


def test_chosen_transitions_come_in_the_order_of_their_indices() -> None:
    buffer = filled()
    held = buffer.indices()
    assert held.dtype == np.int64
    batch = buffer.transitions(held[[4, 0, 4]], n_step=2, gamma=0.5)
    assert batch.obs.ravel().tolist() == [7, 3, 7]
    assert batch.reward.tolist() == [7, 3 + 4 / 2, 7]
    assert buffer.transitions(held.tolist()[:1]).obs.item() == 3
    assert len(buffer.transitions([]).indices) == 0


@pytest.mark.parametrize("method", ["transitions", "masses"])
def test_indices_that_are_none_are_refused_by_name(method: str) -> None:
    buffer = filled(PrioritizedReplayBuffer)
    ask = getattr(buffer, method)
    for wrong, kind in (([0.5], TypeError), ([True], TypeError), ([[1]], ValueError), ([10**6], IndexError)):
        with pytest.raises(kind, match="indices: got"):
            ask(wrong)
    stale = int(buffer.indices()[0]) - 1
    with pytest.raises(IndexError, match=f"indices: got {stale}"):
        ask([stale])


def test_masses_are_those_of_the_priorities() -> None:
    buffer = filled(PrioritizedReplayBuffer, alpha=0.5, priority_eps=0.25)
    held = buffer.indices()
    buffer.update_priorities(held[:2], [2.0, 0.0])
    assert buffer.masses(held[[1, 0, 5]]) == pytest.approx([0.25**0.5, 2.25**0.5, 1.0])
    assert PrioritizedReplayBuffer(3).masses([]).shape == (0,)
    with pytest.raises(IndexError, match="indices: got 4, expected none: the buffer is empty"):
        PrioritizedReplayBuffer(3).masses([4])
    with pytest.raises(TypeError, match="masses: got a uniform buffer"):
        filled().masses([0])


def test_a_buffer_that_is_seeded_anew_draws_as_one_that_was_made_so() -> None:
    for reseed_first in (True, False):
        fresh, other = ReplayBuffer(6, seed=3), ReplayBuffer(6, seed=4)
        if reseed_first:  # before there is a memory
            other.reseed(3)
        for buffer in (fresh, other):
            for step in range(6):
                add(buffer, step, step + 1)
        other.reseed(3)
        assert (fresh.sample(20).indices == other.sample(20).indices).all()
    other.reseed()
    drawn = other.sample(20).indices.tolist()
    other.reseed()
    assert drawn != other.sample(20).indices.tolist()
    with pytest.raises(ValueError, match="seed: got -1"):
        other.reseed(-1)


def test_all_transitions_are_of_one_moment_while_others_add() -> None:
    """Which are held is found, and copied, without anybody coming in between."""
    buffer = ReplayBuffer(500, seed=0)
    obs = np.arange(3_001, dtype=np.float32)[:, None]
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            buffer.extend(obs[:-1], np.arange(3_000), obs[:-1, 0], obs[1:], np.zeros(3_000, bool))

    add(buffer, 0, 1)
    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(300):
            batch = buffer.transitions()
            assert (np.diff(batch.indices) > 0).all()
            assert (batch.obs[:, 0] == batch.reward).all() and (
                batch.next_obs[:, 0] == batch.reward + 1
            ).all()
    finally:
        stop.set()
        writer.join()
    assert buffer.is_valid()
