"""Masses, the largest priority, and importance weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from replay.support.building import add, check_weights, probabilities_of, rows_of
from replay.support.oracles import PriorityTwin

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer


def filled(priorities: list[float], **options: Any) -> Any:
    """A buffer of unrelated transitions with these priorities, under the even indices 0, 2, 4, …"""
    options = {"alpha": 1.0, "priority_eps": 0.0, "weight_normalization": "none", "seed": 0, **options}
    buffer = PrioritizedReplayBuffer(max(1, len(priorities)), **options)
    for place, priority in enumerate(priorities):
        add(buffer, place, -1, priority=priority)
    return buffer


def update(buffer: Any, priorities: dict[int, float]) -> int:
    return int(buffer.update_priorities(np.array(list(priorities)), np.array(list(priorities.values()))))


def test_steps_are_drawn_in_proportion_to_their_priorities() -> None:
    assert probabilities_of(filled([1.0, 2.0, 5.0])) == pytest.approx({0: 1 / 8, 2: 2 / 8, 4: 5 / 8})


def test_alpha_is_applied_once() -> None:
    assert probabilities_of(filled([1.0, 4.0], alpha=0.5)) == pytest.approx({0: 1 / 3, 2: 2 / 3})


def test_priority_eps_is_added_before_the_power() -> None:
    buffer = filled([0.0, 8.0], alpha=0.5, priority_eps=1.0)
    assert probabilities_of(buffer) == pytest.approx({0: 1 / 4, 2: 3 / 4})


def test_alpha_zero_draws_all_steps_alike() -> None:
    assert probabilities_of(filled([1e-30, 3.0, 1e30], alpha=0.0)) == pytest.approx(
        dict.fromkeys((0, 2, 4), 1 / 3)
    )


def test_alpha_zero_keeps_a_zero_priority_zero() -> None:
    assert probabilities_of(filled([0.0, 3.0], alpha=0.0)) == pytest.approx({2: 0.5 * 2})


def test_a_new_step_gets_the_largest_priority_seen() -> None:
    buffer = filled([0.5, 4.0])
    update(buffer, {2: 0.25})
    add(buffer, 2, -1)  # evicts index 0
    assert probabilities_of(buffer) == pytest.approx({2: 0.25 / 4.25, 4: 4 / 4.25})


def test_a_new_step_gets_at_least_one() -> None:
    buffer = filled([0.5, 0.25])
    add(buffer, 2, -1)
    assert probabilities_of(buffer) == pytest.approx({2: 0.25 / 1.25, 4: 1 / 1.25})


def test_a_priority_that_lost_to_a_duplicate_counts_as_seen() -> None:
    buffer = filled([1.0, 1.0])
    buffer.update_priorities(np.array([2, 2]), np.array([7.0, 1.0]))
    add(buffer, 2, -1)
    assert probabilities_of(buffer) == pytest.approx({2: 1 / 8, 4: 7 / 8})


def test_a_stale_priority_does_not_count_as_seen() -> None:
    buffer = filled([1.0, 1.0, 1.0])
    add(buffer, 3, -1)
    assert update(buffer, {0: 100.0}) == 1
    add(buffer, 4, -1)
    assert probabilities_of(buffer) == pytest.approx(dict.fromkeys((4, 6, 8), 1 / 3))


def test_clear_forgets_the_largest_priority() -> None:
    buffer = filled([50.0, 1.0])
    buffer.clear()
    add(buffer, 0, -1)
    add(buffer, 1, -1, priority=3.0)
    assert sorted(probabilities_of(buffer).values()) == pytest.approx([1 / 4, 3 / 4])


def test_the_last_of_duplicates_wins() -> None:
    buffer = filled([1.0, 1.0])
    assert buffer.update_priorities(np.array([0, 2, 0, 0]), np.array([9.0, 1.0, 8.0, 3.0])) == 0
    assert probabilities_of(buffer) == pytest.approx({0: 3 / 4, 2: 1 / 4})


def test_each_stale_duplicate_is_counted() -> None:
    buffer = filled([1.0, 1.0])
    add(buffer, 2, -1)
    assert buffer.update_priorities(np.array([0, 0, 2, 0]), np.ones(4)) == 3
    assert buffer.stats()["stale_updates"] == 3


def test_the_index_of_a_final_step_is_stale() -> None:
    assert update(filled([1.0, 1.0]), {1: 5.0}) == 1


def test_a_step_of_priority_zero_is_never_drawn_and_can_come_back() -> None:
    buffer = filled([1.0, 0.0, 1.0])
    assert set(buffer.sample(5000).indices.tolist()) == {0, 4}
    update(buffer, {2: 1.0})
    assert set(buffer.sample(5000).indices.tolist()) == {0, 2, 4}


def test_nothing_can_be_drawn_if_all_priorities_are_zero() -> None:
    buffer = filled([0.0, 0.0])
    with pytest.raises(ValueError, match=r"(?i)zero"):
        buffer.sample(1)
    update(buffer, {0: 1.0})
    assert set(buffer.sample(100).indices.tolist()) == {0}


@pytest.mark.parametrize("priority", [5e-324, 1e-320, 1e-308, 1e-300, 1e-30])
@pytest.mark.parametrize("alpha", [0.3, 1.0, 1.5])
def test_a_positive_priority_never_becomes_zero_mass(priority: float, alpha: float) -> None:
    buffer = filled([0.0, priority, 0.0], alpha=alpha)
    assert set(buffer.sample(100).indices.tolist()) == {2}
    assert buffer.is_valid()


@pytest.mark.parametrize("alpha", [1.0, 1.5])
def test_the_smallest_mass_is_the_smallest_normal_number(alpha: float) -> None:
    buffer = filled([5e-324, 2.0 ** (-1022 / alpha)], alpha=alpha)
    assert probabilities_of(buffer) == pytest.approx({0: 1 / 2, 2: 1 / 2})


def test_a_tiny_priority_beside_a_huge_one_is_kept_and_found_again() -> None:
    buffer = filled([1e-30, 1e30, 1e-30])
    assert set(buffer.sample(1000).indices.tolist()) == {2}
    update(buffer, {2: 0.0})
    assert probabilities_of(buffer) == pytest.approx({0: 1 / 2, 4: 1 / 2})
    assert buffer.is_valid()


def test_the_largest_mass_is_taken_and_a_larger_one_refused() -> None:
    buffer = filled([1.0, 9.9e299])
    assert set(buffer.sample(100).indices.tolist()) == {2}
    with pytest.raises(ValueError, match="priorit"):
        update(buffer, {0: 1.1e300})
    assert filled([1.0, 1e300], alpha=0.5).is_valid()
    with pytest.raises(ValueError, match="priorit"):
        update(filled([1.0], alpha=1.5), {0: 1e201})


@pytest.mark.parametrize("capacity", [1, 2, 7, 8, 9, 63, 64, 65, 100, 511, 513, 1000])
def test_no_capacity_has_an_edge_that_is_wrong(capacity: int) -> None:
    priorities = np.random.default_rng(capacity).integers(1, 5, capacity).astype(float)
    buffer = filled(priorities.tolist())
    expected = {2 * i: p / priorities.sum() for i, p in enumerate(priorities)}
    assert probabilities_of(buffer) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("normalization", ["batch", "buffer", "none"])
@pytest.mark.parametrize("beta", [0.0, 0.4, 1.0])
def test_weights_are_those_of_the_twin(normalization: str, beta: float) -> None:
    priorities = [0.0, 1e-3, 0.5, 1.0, 2.0, 30.0]
    buffer = filled(priorities, alpha=0.7, priority_eps=1e-6, weight_normalization=normalization)
    twin = PriorityTwin(0.7, 1e-6)
    for place, priority in enumerate(priorities):
        twin.add(2 * place, priority)
    batch = buffer.sample(64, beta=beta)
    masses = [twin.masses[index] for index in batch.indices.tolist()]
    check_weights(batch, twin, masses, normalization, beta)


def test_beta_comes_from_the_constructor_unless_sample_is_given_another() -> None:
    buffer = filled([1.0, 3.0], beta=1.0)
    assert rows_of(buffer)[2].weight == pytest.approx(1 / 1.5)
    assert rows_of(buffer, beta=0.0)[2].weight == 1
    assert rows_of(buffer)[2].weight == pytest.approx(1 / 1.5)


def test_weights_of_the_buffer_follow_the_smallest_priority_that_is_positive() -> None:
    buffer = filled([0.0, 1.0, 4.0], weight_normalization="buffer", beta=1.0)
    assert rows_of(buffer)[4].weight == pytest.approx(1 / 4)
    update(buffer, {0: 0.5})
    assert rows_of(buffer)[4].weight == pytest.approx(1 / 8)
    update(buffer, {0: 0.0, 2: 2.0})
    assert rows_of(buffer)[4].weight == pytest.approx(1 / 2)


def test_a_uniform_buffer_s_weights_are_one() -> None:
    buffer = ReplayBuffer(4, seed=0)
    add(buffer, 0, 1)
    assert buffer.sample(8).weights.tolist() == [1] * 8


def test_ten_million_updates_leave_no_drift() -> None:
    buffer = filled([1.0] * 1000)
    rng = np.random.default_rng(0)
    indices = 2 * np.arange(1000)
    for _ in range(500):
        chosen = rng.choice(indices, 20_000)
        buffer.update_priorities(chosen, 10.0 ** rng.uniform(-12, 12, 20_000))
    assert buffer.is_valid()
    buffer.update_priorities(indices, np.ones(1000))
    assert buffer.is_valid()
    batch = buffer.sample(5000, beta=1.0)
    assert (batch.weights == 1).all()
