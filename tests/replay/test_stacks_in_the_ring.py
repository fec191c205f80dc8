"""Stacks and memory: a frame is stored once, and none that a stack still needs is overwritten."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from replay.support.stacks import add, episode, pairs, play, transitions

from dqn_fast import ReplayBuffer


@pytest.mark.parametrize("capacity", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("frames", [2, 4, 9])
@pytest.mark.parametrize("padding", [None, 0.0, -7.0], ids=["first frame repeated", "zeros", "kept"])
@pytest.mark.parametrize("length", [1, 3, 10])
def test_stacks_are_whole_at_every_place_of_the_ring(
    capacity: int, frames: int, padding: float | None, length: int
) -> None:
    buffer = ReplayBuffer(capacity, frame_stack=frames, reserve=1.0, seed=0)
    stored: list[tuple[float, ...]] = []
    for start in range(1, 400, 20):
        places = episode(start, length, frames, padding)
        for i in range(length):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # a padding that is kept takes many slots
                add(buffer, places[i], places[i + 1], truncated=i == length - 1)
            stored += pairs(places[i : i + 2])
            rows = transitions(buffer)
            assert rows
            assert rows == stored[-len(rows) :]
            assert buffer.is_valid()
    assert buffer.is_full()


def test_what_a_stack_looks_back_on_is_not_overwritten_and_costs_no_capacity() -> None:
    buffer = ReplayBuffer(10, frame_stack=4, reserve=0.0, seed=0)
    places = episode(1, 100, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # nothing goes early
        play(buffer, places)
    assert transitions(buffer) == pairs(places[-11:])
    assert buffer.stats()["evicted_early"] == 0


@pytest.mark.parametrize("frames", [2, 4])
def test_without_reserve_a_lone_step_with_kept_padding_takes_a_slot_for_each_frame_and_two_more(
    frames: int,
) -> None:
    buffer = ReplayBuffer(20, frame_stack=frames, reserve=0.0, seed=0)
    slots = 20 + 3 + 3 * (frames - 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for place in range(0, 1000, 10):
            obs = tuple(float(place + i) for i in range(frames + 1))
            add(buffer, obs[:-1], obs[1:])
    assert len(buffer) == slots // (frames + 1)
    assert buffer.stats()["evicted_early"] > 0


def test_a_frame_is_stored_once() -> None:
    sizes = [ReplayBuffer(1000, frame_stack=k, seed=0) for k in (1, 4)]
    for buffer, frames in zip(sizes, (1, 4), strict=True):
        obs = np.zeros((frames, 84, 84), np.uint8)
        buffer.add(obs, 0, 0.0, obs, False)
    alone, stacked = (buffer.nbytes for buffer in sizes)
    assert alone > 1000 * 84 * 84
    assert stacked < 1.03 * alone


def test_the_reserve_goes_by_the_size_of_one_frame() -> None:
    early = []
    for size in (200, 300):
        buffer = ReplayBuffer(64, frame_stack=4, seed=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            for place in range(1, 200):
                obs = np.full((4, size), place, np.uint8)
                buffer.add(obs, 0, 0.0, obs, True)
        early.append(buffer.stats()["evicted_early"] > 0)
    assert early == [False, True]


def test_a_stack_may_be_longer_than_the_buffer() -> None:
    buffer = ReplayBuffer(3, frame_stack=20, seed=0)
    places = episode(1, 50, 20)
    play(buffer, places)
    assert transitions(buffer) == pairs(places[-4:])
    assert buffer.is_valid()
