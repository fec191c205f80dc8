"""Vector environments that reset themselves: no transition is lost and none is made up.

Long because both modes meet every kind of input that Gymnasium gives.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from replay.support.building import add, rows_of, walk

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer

NONE = np.zeros(2, bool)


def numbers(*values: float) -> np.ndarray:
    """One observation of one number for each environment."""
    return np.float32(values)[:, None]


def objects(*values: Any) -> np.ndarray:
    """An array of objects, as Gymnasium gives the last observations."""
    array = np.empty(len(values), object)
    for i, value in enumerate(values):
        array[i] = value
    return array


def act(buffer: Any, obs: np.ndarray, next_obs: np.ndarray, ended: Any = NONE, **more: Any) -> None:
    zeros = np.zeros(len(ended))
    buffer.add(obs, zeros, zeros, next_obs, np.asarray(ended), **more)


def held(buffer: Any) -> list[tuple[float, float]]:
    """Observation and next observation of all transitions, stream by stream."""
    batch = buffer.transitions(n_step=1)
    return list(zip(batch.obs.ravel().tolist(), batch.next_obs.ravel().tolist(), strict=True))


# --- next_step: a row that leads from the last observation to the reset's ---------------------------


@pytest.mark.parametrize("flag", ["terminated", "truncated"])
def test_the_row_after_an_end_is_dropped(flag: str) -> None:
    buffer = ReplayBuffer(20, autoreset="next_step", seed=0)
    walk(buffer, [0, 1, 2], **{flag: True})
    add(buffer, 2, 50)  # from the last observation to the reset's
    walk(buffer, [50, 51, 52])
    assert held(buffer) == [(0, 1), (1, 2), (50, 51), (51, 52)]
    assert (buffer.stats()["dropped"], buffer.stats()["added"]) == (1, 4)
    assert buffer.transitions(n_step=9, gamma=1.0).next_obs.ravel().tolist() == [2, 2, 52, 52]


@pytest.mark.parametrize("mode", [None, "same_step"])
def test_without_next_step_every_row_is_stored(mode: str | None) -> None:
    buffer = ReplayBuffer(20, autoreset=mode, seed=0)
    final = {} if mode is None else {"final_obs": np.float32([2])}
    walk(buffer, [0, 1, 2], terminated=True, **final)
    walk(buffer, [2, 50, 51])
    assert held(buffer) == [(0, 1), (1, 2), (2, 50), (50, 51)]
    assert buffer.stats()["dropped"] == 0


def test_only_a_row_that_begins_with_the_last_observation_is_dropped() -> None:
    buffer = ReplayBuffer(20, autoreset="next_step", seed=0)
    walk(buffer, [0, 1], terminated=True)
    walk(buffer, [50, 51])  # the user has reset the environment himself
    assert held(buffer) == [(0, 1), (50, 51)]
    assert buffer.stats()["dropped"] == 0


def test_a_row_in_mid_episode_is_never_dropped() -> None:
    buffer = ReplayBuffer(20, autoreset="next_step", seed=0)
    walk(buffer, [0, 0, 0, 0])
    assert len(buffer) == 3


def test_at_most_one_row_is_dropped_for_each_end() -> None:
    buffer = ReplayBuffer(20, autoreset="next_step", seed=0)
    walk(buffer, [0, 0], terminated=True)
    add(buffer, 0, 0)
    add(buffer, 0, 0)  # the new episode begins where the old one ended
    add(buffer, 0, 0, truncated=True)
    add(buffer, 0, 0)
    add(buffer, 0, 0)
    assert (len(buffer), buffer.stats()["dropped"]) == (4, 2)
    assert buffer.stats()["segments"] == 3


def test_a_row_dropped_or_not_the_end_is_over_after_the_next_row() -> None:
    buffer = ReplayBuffer(20, autoreset="next_step", seed=0)
    walk(buffer, [0, 1], terminated=True)
    add(buffer, 50, 1)
    add(buffer, 1, 2)  # begins where the first episode ended, but this one has not ended
    assert held(buffer) == [(0, 1), (50, 1), (1, 2)]


def test_new_segment_prevents_dropping() -> None:
    buffer = ReplayBuffer(20, autoreset="next_step", seed=0)
    walk(buffer, [0, 1], terminated=True)
    add(buffer, 1, 2, new_segment=True)
    assert held(buffer) == [(0, 1), (1, 2)]
    unrelated = np.float32([[2], [2]])
    zeros = np.zeros(2, int)
    buffer.extend(unrelated, zeros, np.zeros(2), unrelated, np.ones(2, bool), consecutive=False)
    assert (len(buffer), buffer.stats()["dropped"]) == (4, 0)


def test_a_dropped_row_may_itself_say_anything() -> None:
    buffer = PrioritizedReplayBuffer(20, autoreset="next_step", alpha=1.0, priority_eps=0.0, seed=0)
    walk(buffer, [0, 1], terminated=True)
    add(buffer, 1, 9, reward=7, truncated=True, priority=1e6)  # whatever comes with it does not count
    walk(buffer, [9, 10])
    assert held(buffer) == [(0, 1), (9, 10)]
    rows = rows_of(buffer, beta=1.0)
    assert {row.weight for row in rows.values()} == {1.0}


def test_each_environment_drops_its_own_row() -> None:
    buffer = ReplayBuffer(40, num_envs=2, autoreset="next_step", seed=0)
    act(buffer, numbers(0, 100), numbers(1, 101), [True, False])
    act(buffer, numbers(1, 101), numbers(50, 102), [False, True])
    act(buffer, numbers(50, 102), numbers(51, 150))
    act(buffer, numbers(51, 150), numbers(52, 151))
    assert held(buffer) == [(0, 1), (50, 51), (51, 52), (100, 101), (101, 102), (150, 151)]
    assert buffer.stats()["dropped"] == 2


def test_a_row_that_is_masked_out_is_not_the_one_that_is_dropped() -> None:
    buffer = ReplayBuffer(40, num_envs=2, autoreset="next_step", seed=0)
    act(buffer, numbers(0, 0), numbers(1, 1), [True, True])
    act(buffer, numbers(1, 1), numbers(50, 50), mask=np.array([True, False]))
    assert buffer.stats()["dropped"] == 1
    act(buffer, numbers(50, 1), numbers(51, 50))
    assert buffer.stats()["dropped"] == 2
    assert held(buffer) == [(0, 1), (50, 51), (0, 1)]


def test_the_whole_stack_and_all_keys_are_compared() -> None:
    stacked = ReplayBuffer(20, autoreset="next_step", frame_stack=2, seed=0)
    stacked.add(np.float32([1, 2]), 0, 0.0, np.float32([2, 3]), True)
    stacked.add(np.float32([9, 3]), 0, 0.0, np.float32([3, 3]), False)
    assert (len(stacked), stacked.stats()["dropped"]) == (2, 0)
    keys = ReplayBuffer(20, autoreset="next_step", seed=0)
    keys.add({"a": 0, "b": 0}, 0, 0.0, {"a": 1, "b": 1}, True)
    keys.add({"a": 1, "b": 2}, 0, 0.0, {"a": 3, "b": 3}, False)
    assert (len(keys), keys.stats()["dropped"]) == (2, 0)


def test_after_clear_nothing_is_dropped() -> None:
    buffer = ReplayBuffer(20, autoreset="next_step", seed=0)
    walk(buffer, [0, 1], terminated=True)
    buffer.clear()
    add(buffer, 1, 2, reward=3.0)
    assert (buffer.stats()["dropped"], held(buffer)) == (0, [(1, 2)])


def test_a_context_does_not_cancel_the_drop_and_goes_on_waiting() -> None:
    buffer = ReplayBuffer(20, autoreset="next_step", seed=0)
    walk(buffer, [0, 1], terminated=True)
    buffer.add_context(np.float32([5]))
    buffer.add_context(np.float32([6]))
    add(buffer, 1, 7)  # the row of the reset
    assert (buffer.stats()["dropped"], held(buffer)) == (1, [(0, 1)])
    add(buffer, 7, 8)
    assert held(buffer) == [(0, 1), (7, 8)]
    batch = buffer.sample_segments(50)
    lengths = set(np.diff(batch.offsets).tolist())
    assert lengths == {2, 4}  # the context belongs to the second segment


def test_a_context_that_pushed_the_last_observation_out_cancels_the_drop() -> None:
    buffer = ReplayBuffer(4, autoreset="next_step", reserve=0.0, seed=0)  # seven slots
    walk(buffer, [0, 1], terminated=True)
    with pytest.warns(RuntimeWarning, match="context steps"):
        for place in range(7):
            buffer.add_context(np.float32([place]))
    add(buffer, 1, 2)
    assert (buffer.stats()["dropped"], held(buffer)) == (0, [(1, 2)])


def test_extend_drops_the_rows_of_resets_too() -> None:
    buffer = ReplayBuffer(20, autoreset="next_step", seed=0)
    places = np.float32([0, 1, 2, 50, 51])[:, None]
    ended = np.array([False, True, False, False])
    buffer.extend(places[:-1], np.zeros(4), np.zeros(4), places[1:], ended)
    assert held(buffer) == [(0, 1), (1, 2), (50, 51)]


# --- same_step: next_obs is the reset's, and the last observation comes beside it -------------------


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


@pytest.mark.parametrize("mode", ["Next_step", "disabled", "", 1, True])
def test_another_mode_is_refused(mode: Any) -> None:
    with pytest.raises((ValueError, TypeError), match=r"autoreset: got .*expected .*next_step"):
        ReplayBuffer(20, autoreset=mode)


# --- Gymnasium's own vector environments ----------------------------------------------------------


@pytest.mark.parametrize("mode", ["next_step", "same_step"])
@pytest.mark.parametrize("n_step", [1, 3])
def test_gymnasium_s_cart_poles(mode: str, n_step: int) -> None:
    gymnasium = pytest.importorskip("gymnasium", minversion="1.1")
    vector = gymnasium.vector

    class Diary(gymnasium.Wrapper):
        """Writes down what really happened: the observations and rewards of each episode."""

        def __init__(self, env: Any) -> None:
            super().__init__(env)
            self.episodes: list[list[Any]] = []
            self.ends: list[tuple[bool, bool]] = []

        def reset(self, **options: Any) -> Any:
            obs, info = self.env.reset(**options)
            self.episodes.append([obs.copy()])
            self.ends.append((False, False))
            return obs, info

        def step(self, action: Any) -> Any:
            obs, reward, terminated, truncated, info = self.env.step(action)
            self.episodes[-1].append(obs.copy())
            self.ends[-1] = (terminated, truncated)
            return obs, reward, terminated, truncated, info

    diaries = [Diary(gymnasium.make("CartPole-v1", max_episode_steps=limit)) for limit in (12, 200, 9)]
    autoreset = vector.AutoresetMode[mode.upper()]
    envs = vector.SyncVectorEnv([lambda diary=d: diary for d in diaries], autoreset_mode=autoreset)
    buffer = ReplayBuffer(
        6000, envs.single_observation_space, envs.single_action_space, num_envs=3, autoreset=mode, seed=0
    )
    envs.action_space.seed(0)
    obs, _ = envs.reset(seed=0)
    for _ in range(300):
        action = envs.action_space.sample()
        next_obs, reward, terminated, truncated, infos = envs.step(action)
        final = {}
        if mode == "same_step" and "final_obs" in infos:
            final = {"final_obs": infos["final_obs"], "final_mask": infos["_final_obs"]}
        buffer.add(obs, action, reward, next_obs, terminated, truncated, **final)
        obs = next_obs
    batch = buffer.transitions(n_step=n_step, gamma=0.5)
    expected = []
    for diary in diaries:
        for places, (terminated, truncated) in zip(diary.episodes, diary.ends, strict=True):
            last = len(places) - 1
            for t in range(last):
                k = min(n_step, last - t)
                at_end = t + k == last
                flags = (terminated and at_end, truncated and at_end)
                bootstrap = 0.0 if flags[0] else 0.5**k
                reward = sum(0.5**i for i in range(k))
                expected.append((places[t].tobytes(), places[t + k].tobytes(), *flags, bootstrap, reward))
    rows = zip(
        (row.tobytes() for row in batch.obs),
        (row.tobytes() for row in batch.next_obs),
        batch.terminated.tolist(),
        batch.truncated.tolist(),
        batch.discount.tolist(),
        batch.reward.tolist(),
        strict=True,
    )
    assert list(rows) == expected
    ends = [end for diary in diaries for end in diary.ends[:-1]]
    assert any(terminated for terminated, _ in ends)
    assert any(truncated for _, truncated in ends)
    assert buffer.stats()["dropped"] == (len(ends) if mode == "next_step" else 0)
