"""Stacks that do not move by one new frame a step: they come back exactly, and returns go on through them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from replay.support.stacks import add, play, transitions

from dqn_fast import ReplayBuffer

FRAME = 300  # bytes of a wide frame: its column has little reserve
OTHERS = [(7, 8, 9), (7, 7, 7), (0, 0, 7), (2, 8, 9), (1, 1, 2)]


@pytest.mark.parametrize("other", OTHERS)
def test_a_next_obs_that_is_no_shift_comes_back_exactly_and_the_segment_goes_on(
    other: tuple[float, ...],
) -> None:
    buffer = ReplayBuffer(20, frame_stack=3, seed=0)
    play(buffer, [(1, 1, 1), (1, 1, 2), other])
    after = (*other[1:], 10)
    add(buffer, other, after)  # goes on from there, by its bytes
    one, three = buffer.transitions(n_step=1, gamma=0.5), buffer.transitions(n_step=3, gamma=0.5)
    assert one.next_obs.tolist() == [[1, 1, 2], list(other), list(after)]
    assert three.next_obs.tolist() == [list(after)] * 3
    assert three.reward.tolist() == [1.75, 1.5, 1]
    assert three.discount.tolist() == [0.125, 0.25, 0.5]
    assert not (three.terminated.any() or three.truncated.any())
    assert buffer.stats()["segments"] == 1


def walks(kind: str) -> list[np.ndarray]:
    """Stacks of four frames as environments give them that do not move by one new frame a step."""
    frames = np.random.default_rng(0).integers(0, 255, (800, 6, 6), np.uint8)
    if kind == "newest first":
        return [frames[t : t + 4][::-1].copy() for t in range(301)]
    if kind == "two frames a step":
        return [frames[2 * t : 2 * t + 4] for t in range(301)]
    if kind == "channels":
        return [frames[t * 2 % 700 : t * 2 % 700 + 4] ^ np.uint8(t % 7) for t in range(301)]
    return [frames[t : t + 4] for t in range(301)]


@pytest.mark.parametrize(
    ("kind", "hidden"),
    [("one frame a step", 0), ("two frames a step", 1), ("newest first", 3), ("channels", 3)],
)
def test_whatever_the_frames_do_returns_are_those_of_the_bytes(kind: str, hidden: int) -> None:
    """SMARTS issue 1121, baselines issue 641, Gymnasium issue 829."""
    places = walks(kind)
    steps = [(a, i, float(i), b, i % 50 == 49) for i, (a, b) in enumerate(pairwise(places))]
    stacked = ReplayBuffer(100, frame_stack=4, n_step=3, reserve=1.0 + hidden, seed=0)
    plain = ReplayBuffer(100, n_step=3, seed=0)
    for step in steps:
        stacked.add(*step)
        plain.add(*step)
    for n_step in (1, 3, 7):
        ours, theirs = (buffer.transitions(n_step=n_step) for buffer in (stacked, plain))
        for name in ("obs", "action", "reward", "next_obs", "discount", "terminated"):
            assert getattr(ours, name).tobytes() == getattr(theirs, name).tobytes(), (n_step, name)
    assert len(stacked) == 100
    assert stacked.stats()["evicted_early"] == 0


def test_a_warning_of_early_eviction_names_the_stacks_that_are_none() -> None:
    places = walks("newest first")
    buffer = ReplayBuffer(100, frame_stack=4, seed=0)
    with pytest.warns(RuntimeWarning, match="no stacks that move by one frame a step, as frame_stack= says"):
        for a, b in pairwise(places):
            buffer.add(a, 0, 0.0, b, False)
    assert len(buffer) < 100


def test_a_next_obs_that_is_no_shift_and_terminates_does_not_bootstrap() -> None:
    buffer = ReplayBuffer(20, frame_stack=2, seed=0)
    add(buffer, (1, 1), (8, 9), terminated=True)
    assert buffer.transitions(n_step=4, gamma=0.5).discount.tolist() == [0]
    add(buffer, (8, 9), (9, 10))  # the stream has ended: nothing goes on
    assert transitions(buffer) == [([1, 1], [8, 9]), ([8, 9], [9, 10])]
    assert buffer.stats()["segments"] == 2


@pytest.mark.parametrize("place", range(4))
def test_one_other_frame_of_the_stack_breaks(place: int) -> None:
    buffer = ReplayBuffer(20, frame_stack=4, seed=0)
    add(buffer, (1, 2, 3, 4), (2, 3, 4, 5))
    other = [2.0, 3, 4, 5]
    other[place] = 77
    add(buffer, tuple(other), (*other[1:], 6))
    assert transitions(buffer) == [([1, 2, 3, 4], [2, 3, 4, 5]), (other, [*other[1:], 6])]
    assert transitions(buffer, n_step=2)[0][1] == [2, 3, 4, 5]


def test_one_other_bit_of_a_frame_that_is_not_new_is_no_shift() -> None:
    buffer = ReplayBuffer(20, frame_stack=2, seed=0)
    obs = np.arange(2 * FRAME, dtype=np.uint16).reshape(2, FRAME).astype(np.uint8)
    for column in (0, FRAME // 2, FRAME - 1):
        next_obs = np.stack([obs[1], obs[0]])
        next_obs[0, column] ^= 1
        buffer.add(obs, 0, 0.0, next_obs, False)
        assert buffer.transitions().next_obs[-1].tobytes() == next_obs.tobytes()


def test_steps_in_any_order_come_back_exactly() -> None:
    buffer = ReplayBuffer(300, frame_stack=4, reserve=4.0, seed=0)
    for place in np.random.default_rng(0).permutation(300):
        add(buffer, tuple(place + np.arange(4)), tuple(place + np.arange(1, 5)))
    rows = sorted(transitions(buffer))
    assert rows == [([p, p + 1, p + 2, p + 3], [p + 1, p + 2, p + 3, p + 4]) for p in range(300)]
