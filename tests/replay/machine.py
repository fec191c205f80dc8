"""The state machine that drives a real buffer and its slow twin in step, and compares them throughout."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from oracles import PriorityTwin, ReplayTwin, default_reserve
from replay.building import build_buffer, check_batch
from strategies import (
    PRIORITIES,
    REWARDS,
    STYLES,
    TAME_PRIORITIES,
    TAME_REWARDS,
    Levels,
    Move,
    Options,
    Pair,
    encode,
    fill,
    moves,
    options,
    pairs_of,
)

MET: Counter[Pair] = Counter()  # pairs of option levels that one example brought together
HAPPENED: Counter[str] = (
    Counter()
)  # what the rules have run into; "examples" and "rules" count the random cases

SEEDS = st.integers(0, 2**32 - 1)
GAMMAS = st.sampled_from((None, 0.0, 0.5, 0.99, 1.0))
HORIZONS = st.sampled_from((None, 1, 2, 3, 10, 1000))


class ReplayMachine(RuleBasedStateMachine):
    """Rules that a user could follow; `pinned` holds levels of options that are not drawn."""

    def __init__(self, pinned: Levels | None = None) -> None:
        super().__init__()
        self.pinned = pinned
        self.options: Options | None = None

    @initialize(data=st.data())
    def build(self, data: st.DataObject) -> None:
        self.options = o = data.draw(options(self.pinned), label="options")
        self.buffer = build_buffer(o)
        priorities = None if o.alpha is None else PriorityTwin(o.alpha, o.priority_eps)
        reserve = default_reserve(o.step_bytes) if o.reserve is None else o.reserve
        self.twin = ReplayTwin(o.capacity * o.num_envs, o.num_envs, reserve, priorities)
        self.at = [0] * o.num_envs  # the symbol of each stream's open observation
        self.outstanding: list[np.ndarray] = []
        self.last_out: Any = None
        self.warned = 0
        self.could_draw = True
        MET.update(pairs_of(o.levels))
        HAPPENED["examples"] += 1
        if data.draw(st.booleans(), label="begin with rows"):
            seed, style = data.draw(SEEDS), data.draw(st.sampled_from(STYLES))
            self.extend(seed, style, 40, consecutive=True, one_stream=False, priority="none")

    # --- what comes in ---------------------------------------------------------------------------

    def _moves(self, rng: np.random.Generator, style: str, stream: int, count: int) -> Iterator[Move]:
        assert self.options is not None
        ended = self.twin.streams[stream].ended
        for move in moves(rng, style, self.options.alphabet, self.at[stream], ended, count):
            self.at[stream] = move.next_obs
            yield move

    def _row(self, rng: np.random.Generator, move: Move, rewards: tuple[float, ...]) -> dict[str, np.ndarray]:
        """Arguments of one transition, each an array of the column's own dtype."""
        o = self.options
        assert o is not None
        row = {name: fill(rng, column) for name, column in o.columns.items()}
        row |= {"obs": encode(o.obs, move.obs), "next_obs": encode(o.obs, move.next_obs)}
        row["reward"] = np.asarray(rng.choice(rewards), o.reward)
        row["terminated"], row["truncated"] = np.asarray(move.terminated), np.asarray(move.truncated)
        return row

    def _store_in_twin(self, stream: int, row: dict[str, np.ndarray], new: bool, priority: Any) -> None:
        assert self.options is not None
        fields = {name: value.copy() for name, value in row.items() if name not in ("obs", "next_obs")}
        fields["reward"] = fields["reward"].astype(self.options.reward_kept)
        before = self.twin.stats()
        self.twin.add(stream, row["obs"], fields, row["next_obs"], new_segment=new, priority=priority)
        grown = {name: value - before[name] for name, value in self.twin.stats().items()}
        HAPPENED["began a segment" if grown["segments"] else "joined a segment"] += 1
        HAPPENED["evicted"] += grown["evicted"]
        HAPPENED["evicted early"] += grown["evicted_early"]

    @contextmanager
    def _storing(self) -> Iterator[None]:
        """The one RuntimeWarning of a buffer's life comes with the first call that evicts early."""
        early = self.twin.stats()["evicted_early"]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
        assert {w.category for w in caught} <= {RuntimeWarning}
        first = self.warned == 0 and self.twin.stats()["evicted_early"] > early
        assert len(caught) == int(first)
        self.warned += len(caught)

    def _priorities(self, rng: np.random.Generator, shape: tuple[int, ...], kind: str) -> np.ndarray | None:
        if kind == "none" or self.twin.priorities is None:
            return None
        return np.asarray(rng.choice(PRIORITIES if kind == "wild" else TAME_PRIORITIES, shape))

    @rule(
        seed=SEEDS,
        style=st.sampled_from(STYLES),
        rewards=st.sampled_from((REWARDS, TAME_REWARDS)),
        new=st.sampled_from((False, False, False, True)),
        each_its_own=st.booleans(),
        masked=st.booleans(),
        priority=st.sampled_from(("none", "none", "tame", "wild")),
    )
    def add(
        self, seed: int, style: str, rewards: Any, new: bool, each_its_own: bool, masked: bool, priority: str
    ) -> None:
        """One transition, or with several environments one row of them, perhaps with a mask."""
        assert self.options is not None
        n, rng = self.options.num_envs, np.random.default_rng(seed)
        mask = rng.random(n) < 0.6 if masked and n > 1 else np.ones(n, bool)
        news = rng.random(n) < 0.5 if new and each_its_own else np.full(n, new)
        given = self._priorities(rng, (n,), priority)
        before = list(self.at)
        rows = [self._row(rng, *self._moves(rng, style, i, 1), rewards) for i in range(n)]
        arguments: dict[str, Any] = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
        if n == 1:
            arguments = {name: value[0, ...] for name, value in arguments.items()}  # arrays, not scalars
        if masked and n > 1:
            arguments["mask"] = mask
        if given is not None:
            arguments["priority"] = given if n > 1 else float(given[0])
        if new:
            arguments["new_segment"] = news if each_its_own and n > 1 else new
        with self._storing():
            self.buffer.add(**arguments)
            for i in range(n):
                if mask[i]:
                    fresh = bool(news[i]) if n > 1 else new
                    self._store_in_twin(i, rows[i], fresh, None if given is None else given[i])
                else:
                    self.at[i] = before[i]
                    HAPPENED["masked out"] += 1

    @rule(
        seed=SEEDS,
        style=st.sampled_from(STYLES),
        count=st.integers(0, 60),
        consecutive=st.booleans(),
        one_stream=st.booleans(),
        priority=st.sampled_from(("none", "none", "tame", "wild")),
    )
    def extend(
        self, seed: int, style: str, count: int, consecutive: bool, one_stream: bool, priority: str
    ) -> None:
        """Rows of one stream, or of all streams side by side."""
        assert self.options is not None
        n, rng = self.options.num_envs, np.random.default_rng(seed)
        count = max(count, int(self.twin.stats()["added"] == 0))
        streams = [int(rng.integers(n))] if one_stream or n == 1 else list(range(n))
        rows = [[self._row(rng, m, REWARDS) for m in self._moves(rng, style, i, count)] for i in streams]
        given = self._priorities(rng, (count, len(streams)), priority)
        arguments: dict[str, Any] = {"consecutive": consecutive}
        if count:
            names = rows[0][0]
            arguments |= {k: np.array([[one[t][k] for one in rows] for t in range(count)]) for k in names}
        else:
            columns = {"obs": self.options.obs, "next_obs": self.options.obs, **self.options.columns}
            arguments |= {k: np.empty((0, len(streams), *c.shape), c.dtype) for k, c in columns.items()}
        if given is not None:
            arguments["priority"] = given
        if one_stream or n == 1:
            arguments = {k: v if k == "consecutive" else v[:, 0] for k, v in arguments.items()}
            if n > 1 or rng.random() < 0.5:
                arguments["env"] = streams[0]
        with self._storing():
            self.buffer.extend(**arguments)
            for t in range(count):
                for column, stream in enumerate(streams):
                    each = None if given is None else given[t, column]
                    self._store_in_twin(stream, rows[column][t], not consecutive, each)
        HAPPENED["extended one stream" if one_stream or n == 1 else "extended all streams"] += 1
        HAPPENED["extended by unrelated rows"] += int(not consecutive)

    @precondition(lambda self: self.options is not None and len(self.twin))
    @rule(really=st.sampled_from((False, False, True)))
    def clear(self, really: bool) -> None:
        if really:
            self.buffer.clear()
            self.twin.clear()
            HAPPENED["cleared"] += 1

    # --- what comes out --------------------------------------------------------------------------

    @precondition(lambda self: self.options is not None and self.twin_has_mass())
    @rule(n_step=HORIZONS, gamma=GAMMAS, beta=st.sampled_from((None, 0.0, 0.5, 1.0)), reuse=st.booleans())
    def sample(self, n_step: int | None, gamma: float | None, beta: float | None, reuse: bool) -> None:
        """Each row of a batch is the twin's row, byte for byte."""
        o = self.options
        assert o is not None
        size = 2 * len(self.twin) + 3
        arguments: dict[str, Any] = {"n_step": n_step, "gamma": gamma}
        if o.alpha is not None:
            arguments["beta"] = beta
        out = self.last_out if reuse and self.last_out is not None else None
        if out is not None:
            size = len(out.indices)
            arguments["out"] = out
        batch = self.buffer.sample(size, **arguments)
        assert out is None or batch is out
        check_batch(
            batch,
            self.twin,
            o,
            o.n_step if n_step is None else n_step,
            o.gamma if gamma is None else gamma,
            0.4 if beta is None else beta,
        )
        HAPPENED["rows compared"] += size
        HAPPENED["sampled into out"] += int(out is not None)
        self.outstanding = [*self.outstanding[-3:], batch.indices.copy()]
        self.last_out = batch

    def twin_has_mass(self) -> bool:
        if self.twin.priorities is None:
            return len(self.twin) > 0
        return self.twin.priorities.sums.total() > 0

    @precondition(lambda self: self.options is not None and self.twin.priorities and self.outstanding)
    @rule(seed=SEEDS, which=st.integers(0, 3), wild=st.booleans(), final_too=st.booleans())
    def update(self, seed: int, which: int, wild: bool, final_too: bool) -> None:
        """New priorities for a batch, perhaps an old one whose steps have gone, with duplicates."""
        rng = np.random.default_rng(seed)
        drawn = self.outstanding[which % len(self.outstanding)]
        if final_too:  # the neighbours as well: some are final steps, which sample never gives out
            n = self.twin.num_envs
            drawn = np.concatenate([drawn, drawn[drawn >= n] - n])
        indices = rng.choice(drawn, int(rng.integers(1, 2 * len(drawn))))
        priorities = rng.choice(PRIORITIES if wild else TAME_PRIORITIES, len(indices))
        stale = self.twin.update_priorities(indices, priorities)
        assert self.buffer.update_priorities(indices, priorities) == stale
        HAPPENED["updated"] += len(indices)
        HAPPENED["updated a duplicate"] += len(indices) - len(set(indices.tolist()))
        HAPPENED["stale update"] += stale

    @precondition(lambda self: self.options is not None and self.twin.priorities and len(self.twin))
    @rule(seed=SEEDS, bad=st.sampled_from(("open step", "negative", "nan")))
    def refuse_an_update(self, seed: int, bad: str) -> None:
        """One bad entry among good ones: nothing of the update happens."""
        rng = np.random.default_rng(seed)
        indices = rng.choice(self.twin.indices(), 4)
        priorities = rng.choice(TAME_PRIORITIES, 4)
        place, stream = int(rng.integers(4)), int(rng.integers(self.twin.num_envs))
        if bad == "nan":
            priorities[place] = np.nan
        else:
            t = self.twin.streams[stream].first_t_never_given_out()
            indices[place] = -1 if bad == "negative" else t * self.twin.num_envs + stream
        with pytest.raises(ValueError if bad == "nan" else IndexError):
            self.buffer.update_priorities(indices, priorities)
        HAPPENED["refused an update"] += 1

    # --- what always holds -----------------------------------------------------------------------

    @invariant()
    def both_agree(self) -> None:
        if self.options is None:
            return
        HAPPENED["rules"] += 1
        assert len(self.buffer) == len(self.twin)
        assert self.buffer.capacity == self.twin.capacity
        assert self.buffer.is_full() == self.twin.is_full()
        expected = self.twin.stats()
        stats = self.buffer.stats()
        assert {name: stats[name] for name in expected} == expected
        assert self.buffer.is_valid()
        if self.could_draw and not self.twin_has_mass():
            with pytest.raises(ValueError, match=r"(?i)empty|no transition|nothing|zero"):
                self.buffer.sample(4)
            HAPPENED["nothing to draw"] += 1
        self.could_draw = self.twin_has_mass()
