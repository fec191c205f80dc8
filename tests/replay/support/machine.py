"""The state machine that drives a real buffer and its slow twin in step, and compares them throughout.

One long file because all rules share one state: the buffer, its twin and the batches outstanding.
"""

from __future__ import annotations

import copy
import pickle
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from replay.support.building import build_buffer, check_batch, check_rows, check_weights, stacked
from replay.support.oracles import PriorityTwin, ReplayTwin, default_reserve
from replay.support.segment_oracle import Obs
from replay.support.strategies import (
    PRIORITIES,
    REWARDS,
    STYLES,
    TAME_PRIORITIES,
    TAME_REWARDS,
    Levels,
    Move,
    Options,
    Pair,
    World,
    encode_obs,
    fill,
    moves,
    options,
    pairs_of,
)
from replay.support.view_oracle import check_padded, check_segments, check_sequences, segment_masses

from dqn_fast import trees

MET: Counter[Pair] = Counter()  # pairs of option levels that one example brought together
HAPPENED: Counter[str] = (
    Counter()
)  # what the rules have run into; "examples" and "rules" count the random cases

SEEDS = st.integers(0, 2**32 - 1)
GAMMAS = st.sampled_from((None, 0.0, 0.5, 0.99, 1.0))
HORIZONS = st.sampled_from((None, 1, 2, 3, 10, 1000))
FINAL_FORMS = (
    "objects",
    "objects and a mask",
    "arrays",
    "arrays and a mask",
    "nothing where nothing ended",
)


def first_of(obs: Obs) -> Obs:
    """What comes first along the leading axis of each array: arrays, not scalars; objects as they are."""
    return trees.map(lambda a: a[0] if a.dtype == object else a[0, ...], obs)


def of_one_stream(obs: Obs) -> Obs:
    return trees.map(lambda a: a[:, 0], obs)


def none_of(obs: Obs, streams: int) -> Obs:
    """No row of each array."""
    return trees.map(lambda a: np.empty((0, streams, *a.shape), a.dtype), obs)


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
        drops = o.autoreset == "next_step"
        capacity = o.capacity * o.num_envs
        by_segment = o.draw_by == "segment"
        self.twin = ReplayTwin(capacity, o.num_envs, reserve, priorities, o.stacks, drops, by_segment)
        origin = World(np.random.default_rng(0), o.obs, 1).origin()
        self.at = [(origin, False)] * o.num_envs  # where each environment stands, and whether it is over
        self.shapes_known = o.spaces
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
        o = self.options
        assert o is not None
        for move in moves(World(rng, o.obs, o.alphabet), style, *self.at[stream], count, o.autoreset):
            self.at[stream] = move.then, move.over
            yield move

    def _row(self, rng: np.random.Generator, move: Move, rewards: tuple[float, ...]) -> dict[str, Any]:
        """Arguments of one transition, each an array of the column's own dtype."""
        o = self.options
        assert o is not None
        row: dict[str, Any] = {name: fill(rng, column) for name, column in o.columns.items()}
        row |= {"obs": encode_obs(o.obs, move.obs), "next_obs": encode_obs(o.obs, move.next_obs)}
        row["reward"] = np.asarray(rng.choice(rewards), o.reward)
        row["terminated"], row["truncated"] = np.asarray(move.terminated), np.asarray(move.truncated)
        return row

    def _store_in_twin(self, stream: int, row: dict[str, Any], new: bool, priority: Any) -> None:
        assert self.options is not None
        fields = {name: value.copy() for name, value in row.items() if name not in ("obs", "next_obs")}
        fields["reward"] = fields["reward"].astype(self.options.reward_kept)
        before, twin = self.twin.stats(), self.twin.streams[stream]
        was_context = bool(twin.steps) and twin.steps[-1].is_context
        index = self.twin.add(stream, row["obs"], fields, row["next_obs"], new_segment=new, priority=priority)
        grown = {name: value - before[name] for name, value in self.twin.stats().items()}
        HAPPENED["evicted"] += grown["evicted"]
        HAPPENED["evicted early"] += grown["evicted_early"]
        HAPPENED["dropped a reset's row"] += grown["dropped"]
        if index is None:
            return
        step = next(step for step in reversed(twin.steps) if step.fields is not None)
        begins = bool(grown["segments"])
        HAPPENED["began a segment" if begins else "joined a segment"] += 1
        HAPPENED["went on from a context"] += was_context and not begins
        HAPPENED["next_obs was no shift of obs"] += twin.steps[-1].t > step.t + 1
        if begins and self.options.stacks:
            HAPPENED["stack needed context" if step.t > step.segment else "stack padded as usual"] += 1
            HAPPENED["tail looked back"] += twin.steps[0].t > twin.steps[0].segment

    @contextmanager
    def _storing(self) -> Iterator[None]:
        """The one RuntimeWarning of a buffer's life comes with the first call that evicts early.

        That of a copy of a buffer that has done so before comes with its first call.
        """
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
        assert {w.category for w in caught} <= {RuntimeWarning}
        first = self.warned == 0 and self.twin.stats()["evicted_early"] > 0
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
        final=st.sampled_from(FINAL_FORMS),
    )
    def add(
        self,
        seed: int,
        style: str,
        rewards: Any,
        new: bool,
        each_its_own: bool,
        masked: bool,
        priority: str,
        final: str,
    ) -> None:
        """One transition, or with several environments one row of them, perhaps with a mask."""
        assert self.options is not None
        n, rng = self.options.num_envs, np.random.default_rng(seed)
        mask = rng.random(n) < 0.6 if masked and n > 1 else np.ones(n, bool)
        news = rng.random(n) < 0.5 if new and each_its_own else np.full(n, new)
        given = self._priorities(rng, (n,), priority)
        before = list(self.at)
        mine = [move for i in range(n) for move in self._moves(rng, style, i, 1)]
        rows = [self._row(rng, move, rewards) for move in mine]
        arguments: dict[str, Any] = {name: stacked([row[name] for row in rows]) for name in rows[0]}
        if self.options.autoreset == "same_step":
            arguments |= self._same_step(mine, rows, final)
        if n == 1:
            arguments = {name: first_of(value) for name, value in arguments.items()}
        if masked and n > 1:
            arguments["mask"] = mask
        if given is not None:
            arguments["priority"] = given if n > 1 else float(given[0])
        if new:
            arguments["new_segment"] = news if each_its_own and n > 1 else new
        if style == "vector environment":
            HAPPENED[f"stepped a vector environment, autoreset={self.options.autoreset}"] += 1
        self.shapes_known = True
        with self._storing():
            self.buffer.add(**arguments)
            for i in range(n):
                if mask[i]:
                    fresh = bool(news[i]) if n > 1 else new
                    self._store_in_twin(i, rows[i], fresh, None if given is None else given[i])
                else:
                    self.at[i] = before[i]
                    HAPPENED["masked out"] += 1

    def _same_step(self, mine: list[Move], rows: list[dict[str, Any]], form: str) -> dict[str, Any]:
        """What a vector environment that resets in the same step returns: resets, and what was last."""
        o = self.options
        assert o is not None
        shown = [encode_obs(o.obs, move.shown) for move in mine]
        ended = [move.ended for move in mine]
        arguments: dict[str, Any] = {"next_obs": stacked(shown)}
        if not any(ended) and form == "nothing where nothing ended":
            return arguments
        if "objects" in form:
            final = np.empty(len(mine), object)
            for i, row in enumerate(rows):
                final[i] = row["next_obs"] if ended[i] else None
        else:
            last = (row["next_obs"] for row in rows)
            final = stacked([a if over else b for a, b, over in zip(last, shown, ended, strict=True)])
        arguments["final_obs"] = final
        if "mask" in form:
            arguments["final_mask"] = np.array(ended)
        HAPPENED["gave final observations"] += 1
        return arguments

    @precondition(lambda self: self.options is not None)
    @rule(
        seed=SEEDS,
        count=st.integers(0, 6),
        masked=st.booleans(),
        continues=st.booleans(),
        how=st.sampled_from(("one by one", "all streams at once", "one stream")),
    )
    def add_context(self, seed: int, count: int, masked: bool, continues: bool, how: str) -> None:
        """Observations that nobody acts on, perhaps for some environments only, perhaps inside a segment."""
        o = self.options
        assert o is not None
        n, rng = o.num_envs, np.random.default_rng(seed)
        worlds = [World(rng, o.obs, o.alphabet) for _ in range(n)]
        places = [at for at, _ in self.at]
        observations, masks, shown = [], [], []
        for _ in range(max(count, int(how == "one by one"))):
            masked_out = masked and n > 1 and how == "one by one"
            masks.append(rng.random(n) < 0.6 if masked_out else np.ones(n, bool))
            places = [
                world.reset() if rng.random() < 0.2 else world.after(at)
                for world, at in zip(worlds, places, strict=True)
            ]
            shown.append(places)
            observations.append([encode_obs(o.obs, place) for place in places])
        streams = [int(rng.integers(n))] if how == "one stream" else list(range(n))
        options = {"continues": continues} if continues or rng.random() < 0.5 else {}
        with self._storing():
            if how == "one by one":
                for one, mask in zip(observations, masks, strict=True):
                    given = {"mask": mask} if masked and n > 1 else {}
                    self.buffer.add_context(stacked(one) if n > 1 else one[0], **given, **options)
            else:
                rows = [stacked([one[i] for i in streams]) for one in observations]
                whole = stacked(rows) if rows else none_of(encode_obs(o.obs, places[0]), len(streams))
                if n == 1 or how == "one stream":
                    whole = of_one_stream(whole)
                    if n > 1:
                        options["env"] = streams[0]
                self.buffer.extend_context(whole, **options)
            for one, mask, here in zip(observations, masks, shown, strict=True):
                for i in [i for i in streams if mask[i]]:
                    self._add_context_to_twin(rng, worlds[i], i, one[i], here[i], continues)

    def _add_context_to_twin(
        self, rng: np.random.Generator, world: World, stream: int, obs: Obs, place: Any, continues: bool
    ) -> None:
        twin = self.twin.streams[stream]
        segments = twin.segments
        self.twin.add_context(stream, obs, continues)
        is_open = not twin.steps[-1].is_context
        stays = rng.random() < (0.8 if is_open else 0.2)
        self.at[stream] = (place if stays else world.after(place), False)
        HAPPENED["context began a segment" if twin.segments > segments else "context went on"] += 1
        HAPPENED["context inside a segment"] += int(is_open)

    @rule(
        seed=SEEDS,
        style=st.sampled_from(STYLES),
        count=st.integers(0, 30),
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
        nothing = np.random.default_rng(0)
        some = rows[0][0] if count else self._row(nothing, self._nowhere(), REWARDS)
        for name in some:
            whole = [stacked([one[t][name] for one in rows]) for t in range(count)]
            arguments[name] = stacked(whole) if count else none_of(some[name], len(streams))
        self.shapes_known = True
        if given is not None:
            arguments["priority"] = given
        if one_stream or n == 1:
            arguments = {k: v if k == "consecutive" else of_one_stream(v) for k, v in arguments.items()}
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

    @rule(how=st.sampled_from(("pickle", "copy", "file")))
    def go_on_with_a_copy(self, how: str) -> None:
        """A copy, or a buffer that was saved and loaded, goes on as the one that it was made from."""
        if self.options is None:
            return
        if how == "pickle":
            self.buffer = pickle.loads(pickle.dumps(self.buffer))
        elif how == "copy":
            self.buffer = copy.deepcopy(self.buffer)
        else:
            with tempfile.TemporaryDirectory() as folder:
                self.buffer.save(Path(folder) / "buffer")
                self.buffer = type(self.buffer).load(Path(folder) / "buffer")
        self.warned = 0  # the copy's life is another one
        HAPPENED[f"went on with a copy by {how}"] += 1

    def _nowhere(self) -> Move:
        (origin, _) = self.at[0]
        return Move(origin, origin, False, False, origin, origin, False)

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

    @precondition(lambda self: self.options is not None and self.shapes_known)
    @rule(n_step=HORIZONS, gamma=GAMMAS)
    def look_at_all(self, n_step: int | None, gamma: float | None) -> None:
        """All transitions that are held, by environment and then by time."""
        o = self.options
        assert o is not None
        batch = self.buffer.transitions(n_step=n_step, gamma=gamma)
        n = o.num_envs
        assert batch.indices.tolist() == sorted(self.twin.indices(), key=lambda i: (i % n, i // n))
        assert (batch.weights == 1).all()
        check_rows(batch, self.twin, n_step or o.n_step, o.gamma if gamma is None else gamma)
        HAPPENED["looked at all"] += 1
        assert self.buffer.indices().tolist() == batch.indices.tolist()
        if self.twin.priorities is not None:
            expected = [self.twin.priorities.masses[self.twin.carrier(i)] for i in batch.indices.tolist()]
            np.testing.assert_allclose(self.buffer.masses(batch.indices), expected, rtol=1e-14)

    @precondition(lambda self: self.options is not None and len(self.twin))
    @rule(n_step=HORIZONS, gamma=GAMMAS, seed=SEEDS, evicted=st.booleans())
    def look_at_some(self, n_step: int | None, gamma: float | None, seed: int, evicted: bool) -> None:
        """Transitions of chosen indices, in any order, some twice; one that is not held is an error."""
        o = self.options
        assert o is not None
        rng = np.random.default_rng(seed)
        held = np.array(self.twin.indices())
        chosen = rng.choice(held, int(rng.integers(0, 6)))
        batch = self.buffer.transitions(chosen, n_step=n_step, gamma=gamma)
        assert batch.indices.tolist() == chosen.tolist()
        check_rows(batch, self.twin, n_step or o.n_step, o.gamma if gamma is None else gamma)
        HAPPENED["looked at some"] += 1
        missing = int(min(held)) - o.num_envs if evicted else int(max(held)) + 10 * o.num_envs
        with pytest.raises(IndexError, match=f"indices: got {missing}"):
            self.buffer.transitions([*chosen.tolist(), missing])
        if self.twin.priorities is not None:
            with pytest.raises(IndexError, match=f"indices: got {missing}"):
                self.buffer.masses([*chosen.tolist(), missing])

    @precondition(lambda self: self.options is not None and self.twin_has_mass())
    @rule(
        n_step=st.sampled_from((None, 1, 2, 3, 10)),
        gamma=GAMMAS,
        beta=st.sampled_from((None, 0.0, 0.5, 1.0)),
        length=st.sampled_from((1, 2, 3, 8, 50)),
        burn_in=st.sampled_from((0, 1, 2, 5)),
        previous=st.booleans(),
        reuse=st.booleans(),
    )
    def sample_sequences(
        self,
        n_step: int | None,
        gamma: float | None,
        beta: float | None,
        length: int,
        burn_in: int,
        previous: bool,
        reuse: bool,
    ) -> None:
        """Each cell of a batch of sequences is the twin's, byte for byte."""
        o = self.options
        assert o is not None
        size = min(12, len(self.twin) + 2)
        arguments: dict[str, Any] = {"burn_in": burn_in, "n_step": n_step, "previous": previous}
        drawing: dict[str, Any] = {"gamma": gamma} | ({} if o.alpha is None else {"beta": beta})
        out = self.buffer.empty_sequences(size, length, **arguments) if reuse else None
        for array in out._arrays if out is not None else ():
            array.reshape(-1).view(np.uint8)[:] = 171
        batch = self.buffer.sample_sequences(size, length, **arguments, **drawing, out=out)
        assert out is None or batch is out
        possible = {index for index, p in self.twin.probabilities().items() if p > 0}
        assert set(batch.indices.tolist()) <= possible
        horizon, discount = n_step or o.n_step, o.gamma if gamma is None else gamma
        check_sequences(batch, self.twin, length, burn_in, horizon, discount, previous)
        if self.twin.priorities is None:
            assert (batch.weights == 1).all()
        else:
            masses = [self.twin.priorities.masses[self.twin.carrier(i)] for i in batch.indices.tolist()]
            check_weights(
                batch, self.twin.priorities, masses, o.weight_normalization, 0.4 if beta is None else beta
            )
        self.outstanding = [*self.outstanding[-3:], batch.indices.copy()]
        HAPPENED["cells of sequences compared"] += batch.mask.size
        HAPPENED["a sequence without a cell to learn from"] += int((~batch.learn.any(1)).sum())

    @precondition(lambda self: self.options is not None and self.twin_has_mass())
    @rule(
        n_step=HORIZONS,
        gamma=GAMMAS,
        beta=st.sampled_from((None, 0.0, 0.5, 1.0)),
        batch_size=st.sampled_from((None, 1, 2, 7)),
        max_rows=st.sampled_from((None, 1, 2, 9, 40)),
    )
    def sample_segments(
        self,
        n_step: int | None,
        gamma: float | None,
        beta: float | None,
        batch_size: int | None,
        max_rows: int | None,
    ) -> None:
        """Each row of a batch of segments is the twin's, byte for byte, packed and padded."""
        o = self.options
        assert o is not None
        drawing: dict[str, Any] = {"gamma": gamma} | ({} if o.alpha is None else {"beta": beta})
        if batch_size is None and max_rows is None:
            batch_size = 3
        batch = self.buffer.sample_segments(batch_size, max_rows=max_rows, n_step=n_step, **drawing)
        count, rows = len(batch.indices), int(batch.offsets[-1])
        if max_rows is None:
            assert count == batch_size
        else:
            assert 1 <= count <= (batch_size or count)
            assert rows <= max_rows or count == 1
        carriers = self.twin.carrier_probabilities()
        possible = {self.twin.segment_indices(index)[0] for index, p in carriers.items() if p > 0}
        assert set(batch.indices.tolist()) <= possible
        check_segments(batch, self.twin, n_step or o.n_step, o.gamma if gamma is None else gamma)
        if self.twin.priorities is None:
            assert (batch.weights == 1).all()
        else:
            masses = segment_masses(batch, self.twin)
            check_weights(
                batch, self.twin.priorities, masses, o.weight_normalization, 0.4 if beta is None else beta
            )
        check_padded(batch, batch.padded(), list(range(count)))
        buckets = batch.buckets(k := min(3, count))
        assert len(buckets) == k
        order = np.argsort(np.diff(batch.offsets), kind="stable")
        for which, bucket in zip(np.array_split(order, k), buckets, strict=True):
            check_padded(batch, bucket, which.tolist())
        HAPPENED["rows of segments compared"] += rows

    @precondition(lambda self: self.options is not None and self.options.alpha is None and len(self.twin))
    @precondition(lambda self: self.options.draw_by == "step")
    @rule(n_step=HORIZONS, gamma=GAMMAS, share=st.floats(0, 1))
    def sample_without_replacement(self, n_step: int | None, gamma: float | None, share: float) -> None:
        """Different rows, each of them the twin's."""
        o = self.options
        assert o is not None
        size = 1 + int(share * (len(self.twin) - 1))
        batch = self.buffer.sample(size, n_step=n_step, gamma=gamma, replacement=False)
        assert len(set(batch.indices.tolist())) == size
        check_batch(batch, self.twin, o, n_step or o.n_step, o.gamma if gamma is None else gamma, beta=0.0)
        HAPPENED["sampled without replacement"] += size
        with pytest.raises(ValueError, match=f"expected at most {len(self.twin)}"):
            self.buffer.sample(len(self.twin) + 1, replacement=False)

    @precondition(lambda self: self.options is not None and self.twin_has_mass())
    @rule(seed=SEEDS)
    def reseed(self, seed: int) -> None:
        """The same seed gives the same batches, of this buffer and of one that is loaded with it."""
        self.buffer.reseed(seed)
        first = self.buffer.sample(7).indices
        with tempfile.TemporaryDirectory() as folder:
            self.buffer.save(Path(folder) / "buffer")
            loaded = type(self.buffer).load(Path(folder) / "buffer", seed=seed)
            went_on = type(self.buffer).load(Path(folder) / "buffer")
        assert (loaded.sample(7).indices == first).all()
        assert (went_on.sample(7).indices == self.buffer.sample(7).indices).all()
        HAPPENED["reseeded"] += 1

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
        if self.buffer.nbytes == 0:  # what was given waits for the first add
            expected = dict.fromkeys(expected, 0)
        stats = self.buffer.stats()
        assert {name: stats[name] for name in expected} == expected
        assert self.buffer.is_valid()
        if self.could_draw and not self.twin_has_mass():
            with pytest.raises(ValueError, match=r"(?i)empty|no transition|nothing|zero"):
                self.buffer.sample(4)
            HAPPENED["nothing to draw"] += 1
        self.could_draw = self.twin_has_mass()
