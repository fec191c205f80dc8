"""autoreset="same_step": next_obs is the reset's, and the last observation comes beside it as final_obs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from replay.support.building import add, walk
from replay.support.vector_steps import NONE, act, held, numbers

from dqn_fast import ReplayBuffer


def objects(*values: Any) -> np.ndarray:
    """An array of objects, as Gymnasium gives the last observations."""
    array = np.empty(len(values), object)
    for i, value in enumerate(values):
        array[i] = value
    return array


@pytest.mark.parametrize("form", ["objects", "objects and a mask", "list", "arrays", "arrays and a mask"])
def test_the_last_observations_are_taken_from_final_obs(form: str) -> None:
    buffer = ReplayBuffer(40, num_envs=2, autoreset="same_step", n_step=5, gamma=0.5, seed=0)
    final: Any = {
        "objects": objects(None, np.float32([102])),
        "objects and a mask": objects(None, np.float32([102])),
        "list": [None, np.float32([102])],
        "arrays": numbers(-1, 102),
        "arrays and a mask": numbers(-1, 102),
    }[form]
    mask = {"final_mask": np.array([False, True])} if "mask" in form else {}
    act(buffer, numbers(0, 100), numbers(1, 101))
    act(buffer, numbers(1, 101), numbers(2, 150), [False, True], final_obs=final, **mask)
    act(buffer, numbers(2, 150), numbers(3, 151))
    assert held(buffer) == [(0, 1), (1, 2), (2, 3), (100, 101), (101, 102), (150, 151)]
    batch = buffer.transitions()
    assert batch.next_obs.ravel().tolist() == [3, 3, 3, 102, 102, 151]
    assert batch.discount.tolist() == [0.125, 0.25, 0.5, 0, 0, 0.5]


def test_a_truncated_environment_gives_its_last_observation_too() -> None:
    buffer = ReplayBuffer(40, num_envs=2, autoreset="same_step", gamma=0.5, seed=0)
    truncated = np.array([True, False])
    final = objects(np.float32([1]), None)
    act(buffer, numbers(0, 100), numbers(50, 101), NONE, truncated=truncated, final_obs=final)
    act(buffer, numbers(50, 101), numbers(51, 102))
    assert held(buffer) == [(0, 1), (50, 51), (100, 101), (101, 102)]
    assert buffer.transitions().discount.tolist() == [0.5] * 4


def test_what_final_obs_says_of_environments_that_go_on_is_not_stored() -> None:
    buffer = ReplayBuffer(40, num_envs=2, autoreset="same_step", seed=0)
    act(buffer, numbers(0, 0), numbers(1, 1), final_obs=objects(np.float32([77]), None))
    act(
        buffer,
        numbers(1, 1),
        numbers(2, 9),
        [False, True],
        final_obs=objects(np.float32([77]), np.float32([2])),
    )
    assert held(buffer) == [(0, 1), (1, 2), (0, 1), (1, 2)]


def test_an_environment_that_ended_and_is_masked_out_needs_no_final_obs() -> None:
    buffer = ReplayBuffer(40, num_envs=2, autoreset="same_step", seed=0)
    act(buffer, numbers(0, 0), numbers(1, 50), [False, True], mask=np.array([True, False]))
    assert held(buffer) == [(0, 1)]


def test_one_environment_gives_one_final_obs() -> None:
    for more in ({}, {"final_mask": True}, {"final_mask": np.array(True)}):
        buffer = ReplayBuffer(20, autoreset="same_step", seed=0)
        add(buffer, 0, 50, terminated=True, final_obs=np.float32([1]), **more)
        walk(buffer, [50, 51])
        assert held(buffer) == [(0, 1), (50, 51)]
    with pytest.raises(ValueError, match=r"final_mask: got .*\(1,\).*expected"):
        add(buffer, 51, 0, terminated=True, final_obs=np.float32([1]), final_mask=np.array([True]))


def test_dicts_of_last_observations() -> None:
    def obs(a: float, b: float) -> dict[str, Any]:
        return {"x": np.float32([a, b]), "in": {"y": np.int64([a, b])}}

    last = {"x": np.float32(2), "in": {"y": np.int64(2)}}
    for final in (objects(last, None), {"x": np.float32([2, -1]), "in": {"y": np.int64([2, -1])}}):
        buffer = ReplayBuffer(40, num_envs=2, autoreset="same_step", seed=0)
        ended = np.array([True, False])
        buffer.add(obs(1, 1), np.zeros(2), np.zeros(2), obs(50, 2), ended, final_obs=final, final_mask=ended)
        buffer.add(obs(50, 2), np.zeros(2), np.zeros(2), obs(51, 3), NONE)
        batch = buffer.transitions()
        assert batch.next_obs["x"].tolist() == batch.next_obs["in"]["y"].tolist() == [2, 51, 2, 3]


def test_stacks_of_last_observations_continue_the_episode_and_the_reset_begins_one() -> None:
    buffer = ReplayBuffer(20, autoreset="same_step", frame_stack=3, seed=0)
    stacks = [np.float32(s) for s in ((1, 1, 1), (1, 1, 2), (1, 2, 3))]
    buffer.add(stacks[0], 0, 1.0, stacks[1], False)
    buffer.add(stacks[1], 0, 1.0, np.float32([7, 7, 7]), True, final_obs=stacks[2])
    buffer.add(np.float32([7, 7, 7]), 0, 1.0, np.float32([7, 7, 8]), False)
    batch = buffer.transitions(n_step=3, gamma=1.0)
    assert batch.next_obs.tolist() == [[1, 2, 3], [1, 2, 3], [7, 7, 8]]
    assert batch.reward.tolist() == [2, 1, 1]
    assert buffer.stats()["steps"] == 5


def test_what_is_given_is_left_as_it_was() -> None:
    buffer = ReplayBuffer(20, num_envs=2, autoreset="same_step", seed=0)
    next_obs, final = numbers(50, 1), numbers(1, -1)
    act(buffer, numbers(0, 0), next_obs, [True, False], final_obs=final)
    assert (next_obs.ravel().tolist(), final.ravel().tolist()) == ([50, 1], [1, -1])


@pytest.mark.parametrize(
    ("final", "missing"),
    [
        ({}, r"\[0, 1\]"),
        ({"final_obs": None}, r"\[0, 1\]"),
        ({"final_obs": objects(None, None)}, r"\[0, 1\]"),
        ({"final_obs": objects(np.float32([1]), None)}, r"\[1\]"),
        ({"final_obs": numbers(1, 1), "final_mask": np.array([False, True])}, r"\[0\]"),
    ],
)
def test_an_end_without_its_last_observation_is_an_error_and_changes_nothing(
    final: dict[str, Any], missing: str
) -> None:
    buffer = ReplayBuffer(20, num_envs=2, autoreset="same_step", seed=0)
    act(buffer, numbers(0, 0), numbers(1, 1))
    before = (buffer.stats(), held(buffer))
    with pytest.raises(ValueError, match=rf"final_obs: got none .*{missing}.*expected"):
        act(buffer, numbers(1, 1), numbers(50, 50), [True, True], **final)
    assert (buffer.stats(), held(buffer)) == before


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("form", ["objects", "arrays"])
@pytest.mark.parametrize("masked", [False, True])
def test_a_last_observation_for_each_environment_is_needed(rows: int, form: str, masked: bool) -> None:
    buffer = ReplayBuffer(20, num_envs=2, autoreset="same_step", seed=0)
    final = objects(*[np.float32([1])] * rows) if form == "objects" else np.ones((rows, 1), np.float32)
    mask = {"final_mask": np.ones(2, bool)} if masked else {}
    with pytest.raises(ValueError, match=r"final_obs: got .*expected"):
        act(buffer, numbers(0, 0), numbers(50, 50), [True, True], final_obs=final, **mask)
    assert len(buffer) == 0


def test_last_observations_are_converted_like_any_other() -> None:
    def one(dtype: str, next_obs: Any, final: Any) -> Any:
        buffer = ReplayBuffer(20, autoreset="same_step", seed=0)
        buffer.add(np.zeros(1, dtype), 0, 0.0, np.zeros(1, dtype), False)
        buffer.add(np.zeros(1, dtype), 0, 0.0, next_obs, True, final_obs=final)
        return buffer.transitions().next_obs[-1, 0]

    assert one("float64", np.float32([0]), np.float64([0.1])) == 0.1
    assert one("float64", np.int64([0]), np.float64([0.1])) == 0.1
    assert one("float32", np.float32([0]), [0.1]) == np.float32(0.1)
    assert one("uint8", np.uint8([0]), np.int64([200])) == 200
    for dtype, final in (
        ("uint8", [300]),
        ("uint8", [-1]),
        ("uint8", [0.5]),
        ("float32", [1e300]),
        ("float32", ["a"]),
        ("int64", [0.5]),
    ):
        with pytest.raises(TypeError, match=r"final_obs: got .*expected"):
            one(dtype, np.zeros(1, dtype), np.array(final))


def test_final_obs_needs_the_mode_that_gives_it() -> None:
    for mode in (None, "next_step"):
        buffer = ReplayBuffer(20, autoreset=mode)
        for name in ("final_obs", "final_mask"):
            with pytest.raises(TypeError, match=rf"{name}: got .*expected"):
                add(buffer, 0, 1, **{name: np.float32([1])})
        assert len(buffer) == 0


def test_extend_takes_no_final_obs_and_its_next_obs_as_they_are() -> None:
    buffer = ReplayBuffer(20, autoreset="same_step", seed=0)
    places = np.float32([0, 1, 2])[:, None]
    arguments = (places[:-1], np.zeros(2), np.zeros(2), places[1:], np.array([True, True]))
    with pytest.raises(TypeError, match="final_obs"):
        buffer.extend(*arguments, final_obs=places[1:])
    buffer.extend(*arguments)
    assert held(buffer) == [(0, 1), (1, 2)]
