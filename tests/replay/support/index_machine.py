"""The state machine that drives a real `PriorityIndex` and its slow twin in step, and compares them."""

from __future__ import annotations

import copy
import pickle
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from replay.support.index_oracle import IndexTwin
from replay.support.strategies import PRIORITIES, TAME_PRIORITIES

from dqn_fast import PriorityIndex
from dqn_fast.replay.internals import core_index

HAPPENED: Counter[str] = Counter()  # what the rules have run into

SEEDS = st.integers(0, 2**32 - 1)
CAPACITIES = st.sampled_from((1, 2, 7, 8, 9, 64, 70))
FORMS = ("array", "list", "float32", "strided", "read-only")


def as_form(form: str, values: Any, dtype: Any) -> Any:
    """The same numbers as a user might give them."""
    array = np.asarray(values, dtype)
    if form == "list":
        return array.tolist()
    if form == "float32" and dtype == np.float64 and (array.astype(np.float32) == array).all():
        return array.astype(np.float32)
    if form == "float32" and dtype == np.int64:
        return array.astype(np.int32)
    if form == "strided":
        return np.repeat(array, 2)[::2]
    if form == "read-only":
        array.flags.writeable = False
    return array


class IndexMachine(RuleBasedStateMachine):
    """Rules that a user could follow."""

    @initialize(
        capacity=CAPACITIES,
        alpha=st.sampled_from((0.0, 0.6, 1.0, 2.0)),
        eps=st.sampled_from((0.0, 1e-6, 0.5)),
        normalization=st.sampled_from(("batch", "buffer", "none")),
        stratified=st.booleans(),
        seed=SEEDS,
    )
    def build(
        self, capacity: int, alpha: float, eps: float, normalization: str, stratified: bool, seed: int
    ) -> None:
        self.normalization = normalization
        self.index = PriorityIndex(
            capacity,
            alpha=alpha,
            priority_eps=eps,
            weight_normalization=normalization,
            stratified=stratified,
            seed=seed,
        )
        self.twin = IndexTwin(capacity, alpha, eps)
        HAPPENED["examples"] += 1

    @rule(
        seed=SEEDS,
        priority=st.sampled_from(("none", "one", "each", "wild")),
        chosen=st.booleans(),
        form=st.sampled_from(FORMS),
        said=st.booleans(),
    )
    def add(self, seed: int, priority: str, chosen: bool, form: str, said: bool) -> None:
        """Ids in the next leaves, or in chosen ones in any order; all ways to give a priority."""
        rng = np.random.default_rng(seed)
        capacity = self.twin.capacity
        count = int(rng.integers(0, capacity + 1)) if rng.random() < 0.3 else 1
        leaves = rng.permutation(capacity)[:count] if chosen else None
        if chosen and rng.random() < 0.5:
            leaves = np.sort(leaves)
        each: Any = None
        arguments: dict[str, Any] = {"n": count}
        if priority == "one":
            one = float(rng.choice(TAME_PRIORITIES))
            each = [one] * count
            arguments["priority"] = one if form == "list" else np.float32(one)
        elif priority != "none":
            each = rng.choice(PRIORITIES if priority == "wild" else TAME_PRIORITIES, count).tolist()
            arguments["priority"] = as_form(form, each, np.float64)
        if leaves is not None:
            arguments["at"] = as_form(form, leaves, np.int64)
            if not said:
                del arguments["n"]
            HAPPENED["added at chosen leaves"] += count
        elif count == 1 and not said:
            del arguments["n"]
        held = len(self.twin.held)
        expected = self.twin.add(count, each, None if leaves is None else leaves.tolist())
        ids = self.index.add(**arguments)
        assert ids.dtype == np.int64 and ids.tolist() == expected
        HAPPENED["added"] += count
        HAPPENED["replaced"] += held + count - len(self.twin.held)

    @precondition(lambda self: self.twin.has_mass())
    @rule(beta=st.sampled_from((None, 0.0, 0.4, 1.0, 2.5)), size=st.integers(1, 200))
    def sample(self, beta: float | None, size: int) -> None:
        """Ids that are held and have mass, and exact weights."""
        ids, weights = self.index.sample(size, beta=beta)
        assert ids.dtype == np.int64 and weights.dtype == np.float32 and len(ids) == len(weights) == size
        possible = {identity for identity, p in self.twin.priorities.probabilities().items() if p > 0}
        assert set(ids.tolist()) <= possible
        expected = self.twin.weights(ids, 0.4 if beta is None else beta, self.normalization)
        np.testing.assert_allclose(weights, expected, rtol=2e-7, atol=3e-45)
        HAPPENED["drawn"] += size

    @precondition(lambda self: self.twin.all_given())
    @rule(seed=SEEDS, wild=st.booleans(), form=st.sampled_from(FORMS))
    def update(self, seed: int, wild: bool, form: str) -> None:
        """New priorities of ids that were ever given out, with duplicates and stale ones."""
        rng = np.random.default_rng(seed)
        ids = self._some_ids(rng)
        priorities = rng.choice(PRIORITIES if wild else TAME_PRIORITIES, len(ids))
        stale = self.twin.update(ids.tolist(), priorities.tolist())
        assert self.index.update(as_form(form, ids, np.int64), as_form(form, priorities, np.float64)) == stale
        HAPPENED["updated"] += len(ids)
        HAPPENED["updated a duplicate"] += len(ids) - len(set(ids.tolist()))
        HAPPENED["stale update"] += stale

    @precondition(lambda self: self.twin.all_given())
    @rule(seed=SEEDS, form=st.sampled_from(FORMS))
    def remove(self, seed: int, form: str) -> None:
        ids = self._some_ids(np.random.default_rng(seed))[:5]
        stale = self.twin.remove(ids.tolist())
        assert self.index.remove(as_form(form, ids, np.int64)) == stale
        HAPPENED["removed"] += len(ids) - stale
        HAPPENED["stale removal"] += stale

    def _some_ids(self, rng: np.random.Generator) -> np.ndarray:
        pool = self.twin.all_given() if rng.random() < 0.5 else sorted(self.twin.held)
        pool = pool or self.twin.all_given()
        return rng.choice(pool, int(rng.integers(0, min(2 * len(pool), 40) + 1)))

    @rule(after_all=st.integers(0, 4))
    def clear(self, after_all: int) -> None:
        if after_all:  # seldom, so that others find something
            return
        self.index.clear()
        self.twin.clear()
        HAPPENED["cleared"] += 1

    @rule(how=st.sampled_from(("file", "pickle", "copy")))
    def go_on_as_a_copy(self, how: str) -> None:
        """What is saved and loaded draws as the original does, and takes its place."""
        if how == "file":
            with tempfile.TemporaryDirectory() as folder:
                self.index.save(Path(folder) / "index")
                other = PriorityIndex.load(Path(folder) / "index")
        else:
            other = pickle.loads(pickle.dumps(self.index)) if how == "pickle" else copy.deepcopy(self.index)
        assert type(other) is PriorityIndex
        if self.twin.has_mass():
            for ours, theirs in zip(self.index.sample(9), other.sample(9), strict=True):
                assert ours.tobytes() == theirs.tobytes()
        self.index = other
        HAPPENED[f"went on as a {how}"] += 1

    @precondition(lambda self: self.twin.has_mass())
    @rule(seed=SEEDS)
    def reseed(self, seed: int) -> None:
        """The same seed gives the same draws, of this index and of one that is loaded with it."""
        self.index.reseed(seed)
        first = self.index.sample(7)[0]
        with tempfile.TemporaryDirectory() as folder:
            self.index.save(Path(folder) / "index")
            loaded = PriorityIndex.load(Path(folder) / "index", seed=seed)
        assert (loaded.sample(7)[0] == first).all()
        self.index.reseed(seed)
        assert (self.index.sample(7)[0] == first).all()
        HAPPENED["reseeded"] += 1

    @rule(seed=SEEDS, call=st.sampled_from(("add", "update", "remove")), bad=st.sampled_from((0, 1, 2)))
    def refuse(self, seed: int, call: str, bad: int) -> None:
        """One bad entry among good ones: nothing of the call happens, and the generator stays."""
        rng = np.random.default_rng(seed)
        before = pickle.dumps(self.index)
        ids = rng.choice(self.twin.all_given() or [0], 4)
        priorities = rng.choice(TAME_PRIORITIES, 4)
        place = int(rng.integers(4))
        never = int(rng.integers(self.twin.capacity))
        never += self.twin.capacity * len(self.twin.given[never])
        ids[place] = -1 if bad == 0 else never
        if call == "update" and bad == 2 and self.twin.all_given():
            ids = rng.choice(self.twin.all_given(), 4)
            priorities[place] = rng.choice([np.nan, -1.0, np.inf])
            with pytest.raises(ValueError, match="priorities: got"):
                self.index.update(ids, priorities)
        elif call == "add" and self.twin.capacity >= 4:
            leaves = rng.permutation(self.twin.capacity)[:4]
            if bad == 2:
                priorities[place] = rng.choice([np.nan, -1.0, np.inf])
            else:
                leaves[place] = (-1, self.twin.capacity)[bad] if rng.random() < 0.5 else leaves[place - 1]
            with pytest.raises((ValueError, IndexError), match="priority: got" if bad == 2 else "at: got"):
                self.index.add(priority=priorities, at=leaves)
        else:
            with pytest.raises(IndexError, match="ids: got"):
                self.index.remove(ids) if call == "remove" else self.index.update(ids, priorities)
        assert pickle.dumps(self.index) == before
        HAPPENED["refused"] += 1

    @invariant()
    def both_agree(self) -> None:
        if not hasattr(self, "index"):
            return
        HAPPENED["rules"] += 1
        assert self.index.is_valid()
        assert len(self.index) == len(self.twin.held)
        assert self.index.capacity == self.twin.capacity
        core = core_index(self.index)
        expected = [max((i for i in leaf if i in self.twin.held), default=-1) for leaf in self.twin.given]
        assert core.ids_at(np.arange(self.twin.capacity)).tolist() == expected
        held = np.array(sorted(self.twin.held), np.int64)
        masses = [self.twin.priorities.masses[int(identity)] for identity in held]
        np.testing.assert_allclose(core.masses(held), masses, rtol=1e-14)
        assert core.largest_priority == self.twin.priorities.largest
        if not self.twin.has_mass():
            with pytest.raises(ValueError, match="empty" if not len(held) else "priorities of zero"):
                self.index.sample(4)
