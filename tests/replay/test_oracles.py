"""The twins against cases worked out by hand: what checks the fast code has to be right itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from replay.support.oracles import (
    LARGEST_MASS,
    SMALLEST_MASS,
    NaiveMinTree,
    NaiveSumTree,
    PriorityTwin,
    ReplayTwin,
    default_reserve,
)
from replay.support.segment_oracle import (
    Stack,
    follows,
    frames_needed,
    moved_by,
    same_bytes,
    same_obs,
    slots_per_stream,
)


def step(twin: ReplayTwin, obs: Any, next_obs: Any, reward: float = 0.0, **more: Any) -> int | None:
    flags = {name: np.bool_(more.pop(name, False)) for name in ("terminated", "truncated")}
    fields = {"action": np.int64(0), "reward": np.float32(reward), **flags}
    return twin.add(more.pop("stream", 0), np.float32(obs), fields, np.float32(next_obs), **more)


def film(capacity: int, frames: int, **more: Any) -> ReplayTwin:
    """A twin whose observations are stacks of numbers."""
    return ReplayTwin(capacity, stacks={(): Stack(frames, 0)}, **more)


def test_joined_steps_have_consecutive_indices_and_a_break_leaves_a_final_step_between() -> None:
    twin = ReplayTwin(10)
    assert [step(twin, 0, 1), step(twin, 1, 2), step(twin, 7, 8), step(twin, 8, 9)] == [0, 1, 3, 4]
    assert twin.stats()["segments"] == 2


def test_an_ended_stream_and_new_segment_forbid_a_join() -> None:
    twin = ReplayTwin(10)
    step(twin, 0, 1, terminated=True)
    assert step(twin, 1, 2) == 2
    assert step(twin, 2, 3, new_segment=True) == 4


def test_n_step_row_worked_out_by_hand() -> None:
    twin = ReplayTwin(10)
    for place, reward in enumerate((1.0, 2.0, 4.0)):
        step(twin, place, place + 1, reward)
    row = twin.row(0, n_step=3, gamma=0.5)
    assert (row["reward"], row["discount"], row["next_obs"]) == (1 + 0.5 * 2 + 0.25 * 4, 0.125, 3)
    assert twin.row(1, n_step=3, gamma=0.5)["discount"] == 0.25  # two steps recorded so far
    step(twin, 3, 4, 8.0, terminated=True)
    row = twin.row(2, n_step=5, gamma=0.5)
    assert (row["reward"], row["discount"], row["next_obs"], row["terminated"]) == (8.0, 0.0, 4, True)


def test_a_reward_of_minus_zero_stays_what_it_is() -> None:
    twin = ReplayTwin(2)
    step(twin, 0, 1, -0.0)
    assert same_bytes(np.asarray(twin.row(0, 1, 0.9)["reward"]), np.asarray(np.float32(-0.0)))


def test_frames_lie_along_their_axis() -> None:
    before = np.arange(12).reshape(2, 6)  # two frames of three columns
    after = np.concatenate([before[:, 3:], before[:, :3]], axis=1)
    for axis in (1, -1):
        assert follows(after, before, {(): Stack(2, axis)})
        assert not follows(before, before, {(): Stack(2, axis)})
    assert not follows(after, before, {(): Stack(2, 0)})
    assert follows(after, before, {})


def test_all_stacks_of_a_dict_have_to_follow() -> None:
    stacks = {("a",): Stack(2, 0), ("in", "b"): Stack(3, 0)}
    before = {"a": np.array([1, 2]), "in": {"b": np.array([1, 2, 3])}, "c": np.array([7])}
    after = {"a": np.array([2, 5]), "in": {"b": np.array([2, 3, 5])}, "c": np.array([8])}
    assert follows(after, before, stacks)
    assert not follows({**after, "in": {"b": np.array([2, 4, 5])}}, before, stacks)
    assert same_obs(after, dict(reversed(after.items())))
    assert not same_obs(after, {**after, "c": np.array([9])})


@pytest.mark.parametrize(
    ("obs", "needed"),
    [([5, 5, 5, 5], 0), ([0, 0, 0, 5], 0), ([5, 5, 6, 7], 2), ([0, 5, 6, 7], 2), ([4, 5, 6, 7], 3)],
)
def test_frames_that_no_padding_gives(obs: list[int], needed: int) -> None:
    assert frames_needed(np.array(obs), {(): Stack(4, 0)}) == needed


def test_stacks_are_padded_together() -> None:
    stacks = {("a",): Stack(3, 0), ("b",): Stack(2, 0)}
    assert frames_needed({"a": np.array([0, 0, 1]), "b": np.array([0, 5])}, stacks) == 0
    assert frames_needed({"a": np.array([0, 0, 1]), "b": np.array([5, 5])}, stacks) == 1
    assert frames_needed({"a": np.array([3, 4, 5]), "b": np.array([5, 5])}, stacks) == 2


def test_a_stack_that_is_no_shift_goes_on_behind_the_frames_that_it_needs() -> None:
    twin = film(10, 2)
    indices = [step(twin, [1, 1], [1, 2], 1), step(twin, [1, 2], [7, 8], 1), step(twin, [7, 8], [8, 9], 1)]
    assert indices == [0, 1, 3]  # 2 holds the frame before 8
    row = twin.row(0, n_step=5, gamma=0.5)
    assert (row["reward"], row["discount"], row["next_obs"].tolist()) == (1.75, 0.125, [8, 9])
    assert twin.row(1, n_step=1, gamma=0.5)["next_obs"].tolist() == [7, 8]
    assert twin.stats()["segments"] == 1


@pytest.mark.parametrize(
    ("before", "after", "frames"),
    [
        ([1, 2, 3], [2, 3, 4], 1),
        ([1, 2, 3], [3, 4, 5], 2),
        ([1, 2, 3], [3, 2, 1], 2),
        ([1, 2, 3], [7, 8, 9], 3),
    ],
)
def test_a_stack_moves_by_the_fewest_frames_that_will_do(
    before: list[int], after: list[int], frames: int
) -> None:
    assert moved_by(np.array(after), np.array(before), {(): Stack(3, 0)}) == frames
    assert moved_by(np.array(after), np.array(before), {}) == 1


def test_contexts_take_an_index_and_the_next_step_goes_on_from_them() -> None:
    twin = ReplayTwin(10)
    step(twin, 0, 1)
    for place in (5, 6):
        twin.add_context(0, np.float32(place))
    assert twin.streams[0].first_t_never_given_out() == 4
    assert [step(twin, 9, 10), step(twin, 10, 11)] == [4, 5]
    assert (twin.indices(), twin.stats()["segments"]) == ([0, 4, 5], 2)


def test_a_stack_goes_on_from_a_context_if_its_older_frames_match() -> None:
    for obs, index in (([5, 6], 3), ([4, 6], 4)):  # the second needs a frame of its own
        twin = film(10, 2)
        step(twin, [1, 1], [1, 2])
        twin.add_context(0, np.float32([5, 5]))
        assert step(twin, obs, [6, 7]) == index


def test_the_row_of_a_reset_is_dropped_once_for_each_end() -> None:
    twin = ReplayTwin(10, drops_resets=True)
    step(twin, 0, 0, terminated=True)
    assert [step(twin, 0, 0), step(twin, 0, 0), step(twin, 0, 0)] == [None, 2, 3]
    assert (twin.stats()["dropped"], len(twin)) == (1, 3)
    step(twin, 0, 1, truncated=True)
    assert step(twin, 1, 5, new_segment=True) == 6


def test_what_the_tail_looks_back_on_keeps_its_slots() -> None:
    twin = film(2, 3, reserve=0.0)  # eleven slots
    for place in range(20):
        step(twin, [place, place + 1, place + 2], [place + 1, place + 2, place + 3])
    assert twin.streams[0]._oldest_needed() == twin.streams[0].steps[0].t - 2
    broken = film(2, 3, reserve=0.0)
    for place in range(
        0, 200, 10
    ):  # two frames kept, the step and the last: four slots, and two looked back on
        step(broken, [place, place + 1, place + 2], [place + 1, place + 2, place + 3])
    assert (len(broken), broken.stats()["evicted_early"]) == (2, 0)


def test_slots_and_the_default_reserve() -> None:
    assert slots_per_stream(10, 0.0) == 13
    assert slots_per_stream(10, 0.25) == 16
    assert slots_per_stream(10, 1.0) == 23
    assert slots_per_stream(10, 1.0, look_back=3) == 32
    assert [default_reserve(size) for size in (256, 257)] == [1.0, 1 / 32]


def test_with_full_reserve_the_newest_are_kept() -> None:
    twin = ReplayTwin(3, reserve=1.0)
    indices = [step(twin, 2 * i, 2 * i + 1) for i in range(5)]  # no two rows join
    assert twin.indices() == indices[-3:]
    assert (twin.stats()["evicted"], twin.stats()["evicted_early"]) == (2, 0)


def test_without_reserve_final_steps_push_the_oldest_out_early() -> None:
    twin = ReplayTwin(4, reserve=0.0)  # seven slots: three broken transitions and the fourth's two do not fit
    indices = [step(twin, 2 * i, 2 * i + 1) for i in range(4)]
    assert twin.indices() == indices[1:]
    assert (twin.stats()["evicted"], twin.stats()["evicted_early"]) == (1, 1)
    assert twin.is_full()


def test_clear_forgets_the_steps_but_not_how_many_there_were() -> None:
    twin = ReplayTwin(4, priorities=PriorityTwin())
    old = step(twin, 0, 1)
    twin.clear()
    assert (len(twin), twin.is_full()) == (0, False)
    assert step(twin, 1, 2) == 2
    assert twin.update_priorities(np.array([old, 1, 2]), np.ones(3)) == 2


def test_update_counts_each_stale_duplicate_and_the_last_duplicate_wins() -> None:
    twin = ReplayTwin(1, priorities=PriorityTwin(alpha=1.0, priority_eps=0.0))
    step(twin, 0, 1)
    step(twin, 1, 2)  # evicts index 0
    assert twin.update_priorities(np.array([1, 0, 1, 0]), np.array([5.0, 9.0, 3.0, 9.0])) == 2
    assert twin.priorities is not None
    assert (twin.priorities.masses, twin.priorities.largest) == ({1: 3.0}, 5.0)
    for never in (-1, 2):
        with pytest.raises(IndexError):
            twin.update_priorities(np.array([never]), np.ones(1))


def test_masses() -> None:
    masses = PriorityTwin(alpha=0.5, priority_eps=0.0)
    assert [masses.mass(p) for p in (0.0, 4.0)] == [0.0, 2.0]
    assert PriorityTwin(alpha=0.0, priority_eps=0.0).mass(0.0) == 0.0
    assert PriorityTwin(alpha=1.5).mass(1e-300) == SMALLEST_MASS
    for bad in (-1.0, np.nan, np.inf, LARGEST_MASS * 10):
        with pytest.raises(ValueError, match="priority"):
            PriorityTwin(alpha=1.0).check(bad)


def test_probabilities_and_weights() -> None:
    masses = PriorityTwin(alpha=1.0, priority_eps=0.0)
    for index, priority in enumerate((1.0, 3.0, 0.0)):
        masses.add(index, priority)
    assert masses.probabilities() == {0: 0.25, 1: 0.75, 2: 0.0}
    drawn = [3.0, 3.0]
    assert masses.weights(drawn, 1.0, "none") == pytest.approx([1 / 2.25] * 2)
    assert masses.weights(drawn, 1.0, "batch") == pytest.approx([1, 1])
    assert masses.weights(drawn, 1.0, "buffer") == pytest.approx([1 / 3] * 2)


def test_trees() -> None:
    leaves = {0: 0.0, 1: 2.0, 5: 1.0, 6: 0.0}
    tree = NaiveSumTree(leaves)
    assert (tree.total(), NaiveMinTree(leaves).smallest()) == (3.0, 1.0)
    assert [tree.find(target) for target in (0.0, 1.9, 2.0, 3.0, 9.0)] == [1, 1, 5, 5, 5]
    with pytest.raises(ValueError, match="positive"):
        NaiveSumTree({0: 0.0}).find(0.0)
