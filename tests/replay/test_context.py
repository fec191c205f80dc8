"""Context steps: observations that nobody acted on, before an episode's first action."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from replay.support.building import add, context, rows_of, walk

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer


def held(buffer: Any) -> list[tuple[int, float, float]]:
    """Index, observation and next observation of all transitions."""
    batch = buffer.transitions(n_step=1)
    columns = (batch.indices, batch.obs.ravel(), batch.next_obs.ravel())
    return list(zip(*(column.tolist() for column in columns), strict=True))


def started(**options: Any) -> Any:
    """A buffer that knows its shapes and holds the steps 0 (acted) and 1 (open)."""
    buffer = PrioritizedReplayBuffer(options.pop("capacity", 20), seed=0, **options)
    add(buffer, 0, 1)
    return buffer


def test_the_next_step_continues_the_context_whatever_its_observation() -> None:
    buffer = started()
    context(buffer, 10, 11, 12)
    walk(buffer, [13, 14, 15])
    assert held(buffer) == [(0, 0, 1), (5, 13, 14), (6, 14, 15)]
    assert buffer.stats()["segments"] == 2


def test_context_steps_take_an_index_each_and_are_never_drawn() -> None:
    buffer = started()
    context(buffer, 10, 11)
    walk(buffer, [13, 14])
    assert set(buffer.sample(500).indices.tolist()) == {0, 4}
    assert buffer.update_priorities(np.array([1, 2, 3]), np.ones(3)) == 3  # stale, as final steps are


def test_the_index_of_a_step_after_the_context_is_not_given_out_yet() -> None:
    buffer = started()
    context(buffer, 10)
    assert buffer.update_priorities(np.array([2]), np.ones(1)) == 1
    with pytest.raises(IndexError, match="3"):
        buffer.update_priorities(np.array([3]), np.ones(1))


def test_a_context_ends_what_was_before_it() -> None:
    buffer = ReplayBuffer(20, seed=0)
    walk(buffer, [0, 1, 2])
    context(buffer, 2)
    walk(buffer, [2, 3])
    batch = buffer.transitions(n_step=9, gamma=0.5)
    assert batch.next_obs.ravel().tolist() == [2, 2, 3]
    assert batch.discount.tolist() == [0.25, 0.5, 0.5]
    assert not (batch.terminated.any() or batch.truncated.any())


def test_a_step_that_equals_the_context_is_another_step() -> None:
    buffer = started()
    context(buffer, 10)
    walk(buffer, [10, 11])
    assert held(buffer)[-1] == (3, 10, 11)


def test_new_segment_forbids_to_continue_the_context() -> None:
    for new, segments in ((False, 2), (True, 3)):
        buffer = started()
        context(buffer, 10)
        add(buffer, 11, 12, new_segment=new)
        assert held(buffer)[-1] == (3, 11, 12)
        assert buffer.stats()["segments"] == segments


def test_only_the_step_right_after_it_continues_a_context() -> None:
    buffer = started()
    context(buffer, 10)
    walk(buffer, [11, 12])
    context(buffer, 13)
    assert buffer.stats()["segments"] == 3
    walk(buffer, [14, 15])
    add(buffer, 20, 21)
    assert buffer.stats()["segments"] == 4


def test_a_context_alone_leaves_nothing_to_draw() -> None:
    spaces = pytest.importorskip("gymnasium.spaces")
    buffer = ReplayBuffer(4, spaces.Box(0, 9, (1,)), spaces.Discrete(2), seed=0)
    context(buffer, 1, 2, 3)
    assert (len(buffer), buffer.is_full(), buffer.is_valid()) == (0, False, True)
    with pytest.raises(ValueError, match="empty"):
        buffer.sample(1)
    walk(buffer, [4, 5])
    assert held(buffer) == [(3, 4, 5)]


def test_contexts_count_for_no_capacity_but_take_a_slot_each() -> None:
    buffer = ReplayBuffer(10, reserve=0.0, seed=0)  # thirteen slots
    walk(buffer, list(range(11)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        context(buffer, 50)
    assert (len(buffer), buffer.stats()["evicted"]) == (10, 0)
    with pytest.warns(RuntimeWarning, match="evicted"):
        context(buffer, 51)
    assert (len(buffer), buffer.stats()["evicted_early"]) == (9, 1)
    context(buffer, *range(100))  # the warning comes once
    assert (len(buffer), buffer.is_full(), buffer.is_valid()) == (0, True, True)
    walk(buffer, [7, 8])
    assert [row.obs for row in rows_of(buffer).values()] == [7]


def test_a_context_that_evicts_takes_its_mass_away() -> None:
    buffer = PrioritizedReplayBuffer(4, reserve=0.0, alpha=1.0, priority_eps=0.0, seed=0)
    for place in range(4):
        add(buffer, place, place + 1, priority=10.0**place)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        context(buffer, *range(3))
    assert len(buffer) < 4
    assert set(buffer.sample(100_000).indices.tolist()) == set(range(4 - len(buffer), 4))
    assert buffer.is_valid()


def test_only_environments_in_the_mask_get_the_context() -> None:
    buffer = ReplayBuffer(40, num_envs=2, n_step=9, gamma=1.0, seed=0)

    def both(a: float, b: float) -> np.ndarray:
        return np.float32([[a], [b]])

    def act(before: np.ndarray, after: np.ndarray) -> None:
        buffer.add(before, np.zeros(2, int), np.float32([1, 10]), after, np.zeros(2, bool))

    act(both(0, 0), both(1, 1))
    buffer.add_context(both(50, 60), mask=np.array([True, False]))
    act(both(1, 1), both(2, 2))
    assert rewards(buffer) == {0: 1, 6: 1, 1: 20, 3: 10}
    buffer.add_context(both(50, 60))
    act(both(2, 2), both(3, 3))
    assert rewards(buffer) == {0: 1, 6: 1, 12: 1, 1: 20, 3: 10, 9: 10}


def rewards(buffer: Any) -> dict[int, float]:
    batch = buffer.transitions()
    return dict(zip(batch.indices.tolist(), batch.reward.tolist(), strict=True))


def test_after_an_end_a_context_begins_the_next_episode() -> None:
    buffer = ReplayBuffer(20, seed=0)
    walk(buffer, [0, 1], terminated=True)
    context(buffer, 1)
    walk(buffer, [1, 2])
    assert held(buffer) == [(0, 0, 1), (3, 1, 2)]
    assert buffer.stats()["segments"] == 2


def test_clear_forgets_a_context() -> None:
    buffer = started()
    context(buffer, 10, 11)
    buffer.clear()
    assert (len(buffer), buffer.stats()["segments"]) == (0, 0)
    walk(buffer, [12, 13])
    (index,) = rows_of(buffer)
    assert index >= 4
    assert buffer.stats()["segments"] == 1


def test_prompts_of_dict_observations() -> None:
    buffer = ReplayBuffer(40, seed=0)

    def obs(token: int) -> dict[str, Any]:
        return {"token": np.int64(token), "in": {"mask": np.ones(2, bool)}}

    buffer.add(obs(0), 0, 0.0, obs(1), True)
    for token in (7, 8, 9):
        buffer.add_context(obs(token))
    buffer.add(obs(10), 0, 0.0, obs(11), False)
    batch = buffer.transitions()
    assert (batch.obs["token"].tolist(), batch.indices.tolist()) == ([0, 10], [0, 5])
    with pytest.raises(ValueError, match=r"obs: got .*expected .*token"):
        buffer.add_context({"token": np.int64(1)})


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"obs": np.zeros(2, np.float32)}, ValueError, r"obs: got shape \(2,\), expected \(1,\)"),
        ({"obs": "left"}, TypeError, "obs: got .*left.*expected"),
        ({"obs": {"a": np.zeros(1)}}, (TypeError, ValueError), "obs: got .*dict.*expected"),
        ({"obs": np.array([1e300])}, TypeError, r"obs: got .*e\+300.*expected"),
        ({"obs": np.zeros(1), "mask": np.ones(2, bool)}, ValueError, r"mask: got shape \(2,\), expected"),
        ({"obs": np.zeros(1), "mask": 0.5}, TypeError, "mask: got .*expected"),
    ],
)
def test_a_bad_context_is_refused_and_changes_nothing(
    arguments: dict[str, Any], error: Any, says: str
) -> None:
    buffer = started()
    before = buffer.stats()
    with pytest.raises(error, match=says):
        buffer.add_context(**arguments)
    assert buffer.stats() == before
    walk(buffer, [1, 2])
    assert buffer.stats()["segments"] == 1
