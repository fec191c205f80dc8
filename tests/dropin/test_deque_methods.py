"""All that a deque does, done with `collections.deque`, too."""

from __future__ import annotations

import collections
import copy
import pickle
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dqn_fast.dropin import deque as module
from dqn_fast.dropin.deque import deque

# Few distinct numbers, so that items are found and neighbours join; some next states are missing.
NUMBERS = st.integers(0, 2)
ITEMS = st.tuples(NUMBERS, NUMBERS, st.just(0.5), st.one_of(NUMBERS, st.none()), st.booleans()).map(
    lambda item: (*item[:4], item[3] is None or item[4])
)
PLACES = st.integers(-6, 6)

# Each with what it is called with; both deques must give the same, or raise the same class of error.
METHODS: dict[str, st.SearchStrategy[tuple[Any, ...]]] = {
    "append": st.tuples(ITEMS),
    "appendleft": st.tuples(ITEMS),
    "extend": st.tuples(st.lists(ITEMS, max_size=3)),
    "extendleft": st.tuples(st.lists(ITEMS, max_size=3)),
    "insert": st.tuples(PLACES, ITEMS),
    "pop": st.tuples(),
    "popleft": st.tuples(),
    "remove": st.tuples(ITEMS),
    "reverse": st.tuples(),
    "rotate": st.one_of(st.tuples(), st.tuples(PLACES)),
    "clear": st.tuples(),
    "count": st.tuples(ITEMS),
    "index": st.one_of(st.tuples(ITEMS), st.tuples(ITEMS, PLACES), st.tuples(ITEMS, PLACES, PLACES)),
    "__getitem__": st.tuples(PLACES),
    "__setitem__": st.tuples(PLACES, ITEMS),
    "__delitem__": st.tuples(PLACES),
    "__contains__": st.tuples(ITEMS),
    "__len__": st.tuples(),
    "__iadd__": st.tuples(st.lists(ITEMS, max_size=3)),
}
CALLS = st.sampled_from(sorted(METHODS)).flatmap(lambda name: st.tuples(st.just(name), METHODS[name]))


def outcome(memory: Any, name: str, arguments: tuple[Any, ...]) -> Any:
    """What a call gives, or the class of the error that it raises."""
    try:
        result = getattr(memory, name)(*arguments)
    except (IndexError, ValueError) as error:
        return type(error)
    return "itself" if result is memory else result


@given(maxlen=st.integers(1, 5), calls=st.lists(CALLS, max_size=30))
def test_any_calls_in_any_order_do_what_they_do_to_a_deque(maxlen: int, calls: list[Any]) -> None:
    ours, theirs = deque(maxlen=maxlen), collections.deque[Any](maxlen=maxlen)
    for name, arguments in calls:
        assert outcome(ours, name, arguments) == outcome(theirs, name, arguments), (name, arguments)
        assert list(ours) == list(theirs) and ours == theirs and ours.maxlen == maxlen
        assert list(reversed(ours)) == list(reversed(theirs)) and bool(ours) == bool(theirs)
    drawn = [*ours.sample(len(ours))] if ours else []
    assert sorted(map(str, drawn)) == sorted(map(str, theirs))
    for again in (ours.copy(), copy.copy(ours), pickle.loads(pickle.dumps(ours))):
        assert again == ours and list(again) == list(theirs)


def items_of_arrays(count: int) -> list[Any]:
    return [(np.full(2, n), n, 0.5 * n, np.full(2, n + 1), n % 3 == 2) for n in range(count)]


def test_items_of_arrays_are_found_by_their_numbers() -> None:
    items = items_of_arrays(5)
    memory = deque(items, maxlen=5)
    assert items[3] in memory and memory.index(items[3]) == 3 and memory.count(items[3]) == 1
    assert (np.zeros(2), 9, 0.0, np.zeros(2), False) not in memory and "abc" not in memory and 3 not in memory
    memory.remove(items[3])
    assert [item[1] for item in memory] == [0, 1, 2, 4]
    with pytest.raises(ValueError, match=r"value: got a tuple of 5, expected one of the tuples"):
        memory.index(items[3])
    assert memory != deque(items, maxlen=5) and memory == deque(memory, maxlen=9) and memory != [1]
    with pytest.raises(TypeError, match="unhashable"):
        hash(memory)


def test_taking_out_moves_nobody_else_s_random_numbers() -> None:
    def drawn(kind: Any, change: Callable[[Any], Any]) -> list[int]:
        memory = kind(items_of_arrays(30), maxlen=20)
        random.seed(5)
        change(memory)
        return [item[1] for item in random.sample(memory, 7)]

    for change in (
        lambda memory: memory.popleft(),
        lambda memory: memory.rotate(3),
        lambda memory: [memory.clear(), memory.extend(items_of_arrays(9))],
        lambda memory: memory.append((np.full(2, 0.5), 7, 0.0, None, True)),
    ):
        assert drawn(deque, change) == drawn(collections.deque, change)


def test_what_is_refused_changes_nothing() -> None:
    memory = deque(items_of_arrays(4), maxlen=4)
    before = memory.copy()
    wrong = (np.zeros(3), 0, 0.0, np.zeros(3), False)
    for change in (
        lambda: memory.append(wrong),
        lambda: memory.appendleft(wrong),
        lambda: memory.__setitem__(1, wrong),
        lambda: memory.append((1, 2)),
        lambda: memory.appendleft(7),
        lambda: memory.append((np.full(2, 0.5), 0.5, 0.0, None, True)),
    ):
        with pytest.raises((TypeError, ValueError), match=r"^(item|state|action): got "):
            change()
        assert memory == before and [*memory.sample(3).actions] == [*before.sample(3).actions]
    with pytest.raises(ValueError, match=r"item: got a tuple of 2, expected \(state, action, reward, "):
        memory.append((1, 2))
    with pytest.raises(IndexError, match="pop from an empty deque"):
        deque(maxlen=2).pop()
    with pytest.raises(AttributeError):
        memory.maxlen = 3  # type: ignore[misc]


def test_many_copies_are_warned_of_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MANY", 4)
    memory = deque(items_of_arrays(5), maxlen=5)
    with pytest.warns(RuntimeWarning, match="popleft: copies all 5 tuples, each time") as warned:
        memory.popleft()
        memory.popleft()
    assert len(warned) == 1 and warned[0].filename == __file__ and len(memory) == 3


def test_it_shows_how_full_it_is() -> None:
    assert repr(deque(items_of_arrays(3), maxlen=2_000)) == "deque(3 of 2,000 tuples)"
