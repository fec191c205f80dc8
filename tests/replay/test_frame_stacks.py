"""Stacks of frames: each frame is stored once, and every observation comes back as it was given.

Long because every padding, axis, dtype and break meets every view of a step.
"""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from replay.support.building import flat, rows_of

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer

FRAME = 300  # bytes of a wide frame: its column has little reserve


def stack(*frames: float, dtype: str = "float32") -> np.ndarray:
    """A stack of frames of one number each, oldest first."""
    return np.array(frames, dtype)


def add(buffer: Any, obs: tuple[float, ...], next_obs: tuple[float, ...], **more: Any) -> None:
    more = {"action": 0, "reward": 1.0, "terminated": False, **more}
    buffer.add(obs=stack(*obs), next_obs=stack(*next_obs), **more)


def episode(first: float, steps: int, frames: int, padding: float | None = None) -> list[tuple[float, ...]]:
    """The stacks that a wrapper gives: new frames are first, first + 1, …; None repeats the first."""
    old = [first if padding is None else padding] * (frames - 1)
    shown = [*old, *(first + i for i in range(steps + 1))]
    return [tuple(shown[i : i + frames]) for i in range(steps + 1)]


def play(buffer: Any, places: list[tuple[float, ...]], **more: Any) -> None:
    """Go from place to place; `more` belongs to the last step."""
    for i in range(len(places) - 1):
        add(buffer, places[i], places[i + 1], **(more if i == len(places) - 2 else {}))


def transitions(buffer: Any, n_step: int = 1, gamma: float = 1.0) -> list[tuple[list[float], list[float]]]:
    """Observation and next observation of all rows, oldest first."""
    batch = buffer.transitions(n_step=n_step, gamma=gamma)
    return list(zip(batch.obs.tolist(), batch.next_obs.tolist(), strict=True))


def pairs(*episodes: list[tuple[float, ...]]) -> list[tuple[list[float], list[float]]]:
    return [(list(a), list(b)) for places in episodes for a, b in pairwise(places)]


def held(buffer: Any) -> int:
    return buffer.stats()["steps"]


@pytest.mark.parametrize("frames", [2, 3, 4, 7])
@pytest.mark.parametrize("padding", [None, 0.0], ids=["first frame repeated", "zeros"])
def test_both_usual_paddings_need_no_step_of_their_own(frames: int, padding: float | None) -> None:
    buffer = ReplayBuffer(50, frame_stack=frames, seed=0)
    first, second = (episode(start, 9, frames, padding) for start in (1, 50))
    play(buffer, first, terminated=True)
    play(buffer, second)
    assert transitions(buffer) == pairs(first, second)
    assert held(buffer) == 9 + 1 + 9 + 1
    assert buffer.stats()["segments"] == 2


def test_a_padding_of_minus_zeros_is_not_taken_for_zeros() -> None:
    buffer = ReplayBuffer(10, frame_stack=2, seed=0)
    places = [stack(-0.0, 1), stack(1, 2)]
    buffer.add(places[0], 0, 0.0, places[1], False)
    assert buffer.transitions().obs.tobytes() == places[0].tobytes()
    assert held(buffer) == 1 + 2


@pytest.mark.parametrize(
    ("obs", "kept"),
    [
        pytest.param((5, 5, 5, 5), 0, id="first frame repeated"),
        pytest.param((0, 0, 0, 5), 0, id="zeros"),
        pytest.param((0, 0, 0, 0), 0, id="both"),
        pytest.param((5, 5, 5, 6), 1, id="the first repeated, one step on"),
        pytest.param((0, 0, 5, 6), 1, id="zeros, one step on"),
        pytest.param((0, 5, 5, 5), 2, id="one zero frame"),
        pytest.param((9, 9, 9, 5), 1, id="another constant"),
        pytest.param((5, 0, 0, 5), 3, id="zeros, but for the oldest"),
        pytest.param((5, 6, 7, 8), 3, id="nothing to be derived"),
    ],
)
def test_any_other_padding_is_kept_in_as_few_context_steps_as_it_takes(
    obs: tuple[float, ...], kept: int
) -> None:
    buffer = ReplayBuffer(10, frame_stack=4, seed=0)
    add(buffer, obs, (*obs[1:], 10))
    assert transitions(buffer) == [(list(obs), [*obs[1:], 10])]
    assert held(buffer) == kept + 2
    assert buffer.transitions().indices.tolist() == [kept]


def test_context_steps_are_never_drawn() -> None:
    buffer = PrioritizedReplayBuffer(10, frame_stack=3, seed=0)
    add(buffer, (1, 2, 3), (2, 3, 4))
    assert set(buffer.sample(500).indices.tolist()) == {2}
    assert buffer.update_priorities(np.array([0, 1, 2]), np.ones(3)) == 2
    with pytest.raises(IndexError):
        buffer.update_priorities(np.array([3]), np.ones(1))


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


LAYOUTS = [
    pytest.param((4, 5, 6), 0, 4, id="grey frames first"),
    pytest.param((5, 6, 4), -1, 4, id="grey frames last"),
    pytest.param((5, 6, 4), 2, 4, id="grey frames last, counted from the front"),
    pytest.param((12, 5, 6), 0, 4, id="colour first"),
    pytest.param((5, 6, 12), -1, 4, id="colour last"),
    pytest.param((4, 3, 5, 6), 0, 4, id="colour, an axis of frames"),
    pytest.param((5, 8, 6), 1, 4, id="in the middle"),
    pytest.param((5, 8, 6), -2, 2, id="in the middle, counted from the end"),
    pytest.param((40, 30, 30), 0, 4, id="wide"),
    pytest.param((30, 30, 40), 2, 4, id="wide, last"),
]


@pytest.mark.parametrize(("shape", "axis", "frames"), LAYOUTS)
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64", "int16"])
def test_frames_may_lie_along_any_axis(shape: tuple[int, ...], axis: int, frames: int, dtype: str) -> None:
    rng = np.random.default_rng(0)
    channels = shape[axis] // frames
    one = list(shape)
    one[axis] = channels
    film = np.concatenate([rng.integers(0, 100, one).astype(dtype) for _ in range(30)], axis)
    stacks = [film.take(range(t * channels, (t + frames) * channels), axis) for t in range(26)]
    buffer = ReplayBuffer(50, frame_stack=frames, frame_axis=axis, seed=0)
    for t in range(25):
        buffer.add(stacks[t], 0, 0.0, stacks[t + 1], False)
    assert buffer.stats()["segments"] == 1
    assert held(buffer) == frames - 1 + 25 + 1
    batch = buffer.transitions(n_step=3)
    assert batch.obs.tobytes() == np.stack(stacks[:25]).tobytes()
    after = [stacks[min(t + 3, 25)] for t in range(25)]
    assert batch.next_obs.tobytes() == np.stack(after).tobytes()
    assert (batch.obs.shape, batch.obs.dtype) == ((25, *shape), np.dtype(dtype))


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


def test_each_environment_has_its_own_frames() -> None:
    buffer = ReplayBuffer(60, num_envs=3, frame_stack=2, seed=0)
    films = [episode(start, 15, 2) for start in (100, 200, 300)]
    at = [0, 0, 0]
    rng = np.random.default_rng(0)
    while min(at) < 15:
        mask = (rng.random(3) < 0.5) & (np.array(at) < 15)
        here = [films[i][min(at[i], 14)] for i in range(3)]
        there = [films[i][min(at[i], 14) + 1] for i in range(3)]
        zeros = np.zeros(3)
        buffer.add(stack(*here), zeros, zeros, stack(*there), zeros.astype(bool), mask=mask)
        at = [a + int(m) for a, m in zip(at, mask, strict=True)]
    assert transitions(buffer) == pairs(*films)
    assert buffer.stats()["segments"] == 3


def test_extend_takes_stacks_and_gives_the_same_buffer_as_add() -> None:
    one, other = (ReplayBuffer(20, frame_stack=3, seed=0) for _ in range(2))
    places = episode(1, 30, 3, padding=0.0)
    play(one, places)
    obs, next_obs = np.float32(places[:-1]), np.float32(places[1:])
    other.extend(obs, np.zeros(30, int), np.ones(30, np.float32), next_obs, np.zeros(30, bool))
    assert transitions(one) == transitions(other)
    assert one.stats() == other.stats()
    assert one.sample(32).indices.tolist() == other.sample(32).indices.tolist()


def test_new_segment_forbids_a_join_of_equal_stacks() -> None:
    buffer = ReplayBuffer(20, frame_stack=2, seed=0)
    add(buffer, (1, 2), (2, 3))
    add(buffer, (2, 3), (3, 4), new_segment=True)
    assert transitions(buffer, n_step=5) == [([1, 2], [2, 3]), ([2, 3], [3, 4])]


def test_a_constant_film_is_one_segment() -> None:
    buffer = ReplayBuffer(20, frame_stack=4, seed=0)
    for _ in range(10):
        add(buffer, (0, 0, 0, 0), (0, 0, 0, 0))
    assert buffer.transitions(n_step=10, gamma=1.0).reward.tolist() == list(range(10, 0, -1))


def test_nan_frames_are_frames_like_any_other() -> None:
    buffer = ReplayBuffer(20, frame_stack=2, seed=0)
    film = [np.nan, np.nan, 1.0, np.nan]
    for i in range(2):
        add(buffer, tuple(film[i : i + 2]), tuple(film[i + 1 : i + 3]))
    assert buffer.stats()["segments"] == 1
    assert buffer.transitions().obs.tobytes() == np.float32([[np.nan, np.nan], [np.nan, 1]]).tobytes()


def test_stacks_of_several_keys_are_padded_and_shifted_together() -> None:
    buffer = ReplayBuffer(20, frame_stack={"image": 3, "sound": 2}, seed=0)

    def obs(image: tuple[float, ...], sound: tuple[float, ...]) -> dict[str, np.ndarray]:
        return {"image": stack(*image), "sound": stack(*sound), "speed": np.float32(image[-1])}

    def follow(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> None:
        buffer.add(a, 0, 1.0, b, False)

    places = [
        obs((1, 1, 1), (5, 5)),  # both padded with their first frames
        obs((1, 1, 2), (5, 6)),
        obs((1, 2, 3), (9, 9)),  # the sound is no shift: both move by two frames, one of them hidden
        obs((2, 3, 4), (9, 8)),
    ]
    for a, b in pairwise(places):
        follow(a, b)
    batch = buffer.transitions(n_step=5, gamma=1.0)
    assert batch.reward.tolist() == [3, 2, 1]
    assert batch.indices.tolist() == [0, 1, 4]
    one = buffer.transitions(n_step=1)
    for i, (a, b) in enumerate(pairwise(places)):
        for name, array in {**flat("obs", a), **flat("next_obs", b)}.items():
            real = {**flat("obs", one.obs), **flat("next_obs", one.next_obs)}[name]
            assert real[i].tobytes() == array.tobytes(), (i, name)


def test_when_one_key_begins_with_zeros_and_another_with_its_first_frame_context_is_kept() -> None:
    buffer = ReplayBuffer(20, frame_stack={"a": 3, "b": 2}, seed=0)
    obs = {"a": stack(0, 0, 1), "b": stack(5, 5)}
    next_obs = {"a": stack(0, 1, 2), "b": stack(5, 6)}
    buffer.add(obs, 0, 0.0, next_obs, False)
    batch = buffer.transitions()
    assert (batch.obs["a"].tolist(), batch.obs["b"].tolist()) == ([[0, 0, 1]], [[5, 5]])
    assert batch.indices.tolist() == [1]


def test_rows_are_the_same_whichever_batch_they_come_in() -> None:
    buffer = PrioritizedReplayBuffer(30, frame_stack=4, seed=0)
    for start in (1, 40, 80):
        play(buffer, episode(start, 12, 4), terminated=True)
    everything = buffer.transitions(n_step=3)
    place = {index: i for i, index in enumerate(everything.indices.tolist())}
    out = buffer.empty_batch(64)
    for batch in (buffer.sample(64, n_step=3), buffer.sample(64, n_step=3, out=out)):
        rows = [place[index] for index in batch.indices.tolist()]
        assert batch.obs.tobytes() == everything.obs[rows].tobytes()
        assert batch.next_obs.tobytes() == everything.next_obs[rows].tobytes()


def test_a_space_that_is_stacked_already_says_the_shape() -> None:
    spaces = pytest.importorskip("gymnasium.spaces")
    buffer = ReplayBuffer(8, spaces.Box(0, 255, (4, 6, 6), np.uint8), spaces.Discrete(2), frame_stack=4)
    assert buffer.empty_batch(3).obs.shape == (3, 4, 6, 6)
    with pytest.raises(ValueError, match="frame_stack: got 3, expected a divisor of 4"):
        ReplayBuffer(8, spaces.Box(0, 255, (4, 6, 6), np.uint8), spaces.Discrete(2), frame_stack=3)


def test_a_stack_may_be_longer_than_the_buffer() -> None:
    buffer = ReplayBuffer(3, frame_stack=20, seed=0)
    places = episode(1, 50, 20)
    play(buffer, places)
    assert transitions(buffer) == pairs(places[-4:])
    assert buffer.is_valid()


def test_after_clear_no_old_frame_is_seen() -> None:
    buffer = ReplayBuffer(10, frame_stack=3, seed=0)
    play(buffer, episode(1, 5, 3))
    buffer.clear()
    places = [(3.0, 4.0, 5.0), (4.0, 5.0, 6.0)]
    play(buffer, places)
    assert transitions(buffer) == pairs(places)
    assert len(rows_of(buffer)) == 1
