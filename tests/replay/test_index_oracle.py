"""`PriorityIndex` and its slow twin agree on any sequence of calls."""

from __future__ import annotations

from hypothesis import settings
from replay.support.index_machine import IndexMachine
from replay.support.index_oracle import IndexTwin

TestIndex = IndexMachine.TestCase
TestIndex.settings = settings(stateful_step_count=40)


def test_the_twin_is_right_about_a_case_worked_by_hand() -> None:
    twin = IndexTwin(3, alpha=1.0, priority_eps=0.0)
    assert twin.add(2) == [0, 1]
    assert twin.add(2, [4.0, 2.0]) == [2, 3]  # the ring begins anew: 0 has gone
    assert twin.add(1, at=[2]) == [5]  # the largest so far, in leaf 2; the cursor stays at 1
    assert twin.priorities.masses == {1: 1.0, 3: 2.0, 5: 4.0}
    assert twin.update([0, 1, 1], [9.0, 8.0, 3.0]) == 1
    assert twin.remove([3, 3, 2]) == 2
    assert twin.add(1) == [4]
    assert twin.priorities.masses == {4: 8.0, 5: 4.0}
