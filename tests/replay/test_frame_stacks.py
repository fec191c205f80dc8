"""Stacks of frames: every observation comes back as it was given, with any padding, axis, dtype and keys."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from replay.support.building import flat, rows_of
from replay.support.stacks import add, episode, held, pairs, play, stack, transitions

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer


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


def test_after_clear_no_old_frame_is_seen() -> None:
    buffer = ReplayBuffer(10, frame_stack=3, seed=0)
    play(buffer, episode(1, 5, 3))
    buffer.clear()
    places = [(3.0, 4.0, 5.0), (4.0, 5.0, 6.0)]
    play(buffer, places)
    assert transitions(buffer) == pairs(places)
    assert len(rows_of(buffer)) == 1
