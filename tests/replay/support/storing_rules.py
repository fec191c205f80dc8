"""Rules of the state machine that store: steps, context steps, copies that go on, and a fresh start."""

from __future__ import annotations

import copy
import pickle
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from replay.support.building import first_of, none_of, of_one_stream, stacked
from replay.support.census import HAPPENED
from replay.support.chunk_forms import chunk_of
from replay.support.segment_oracle import Obs
from replay.support.shared_state import SEEDS, SharedState
from replay.support.strategies import REWARDS, STYLES, TAME_REWARDS, Move, World, encode_obs

FINAL_FORMS = (
    "objects",
    "objects and a mask",
    "arrays",
    "arrays and a mask",
    "nothing where nothing ended",
)


class StoringRules(SharedState):
    """What comes in, given to the buffer and to its twin."""

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
        which=st.sampled_from(("one", "some", "all")),
        masked=st.booleans(),
        frames=st.booleans(),
        priority=st.sampled_from(("none", "none", "tame", "wild")),
    )
    def extend(
        self,
        seed: int,
        style: str,
        count: int,
        consecutive: bool,
        which: str,
        masked: bool,
        frames: bool,
        priority: str,
    ) -> None:
        """Rows of one stream, of neighbours, or of all; perhaps not all of them, or each frame once."""
        assert self.options is not None
        n, rng = self.options.num_envs, np.random.default_rng(seed)
        count = max(count, int(self.twin.stats()["added"] == 0))
        one_stream = which == "one" or (n == 1 and which == "all")
        first = int(rng.integers(n))
        last = {"one": first + 1, "some": int(rng.integers(first, n)) + 1, "all": n}[which]
        streams = list(range(0 if which == "all" else first, last))
        kept = rng.random((count, len(streams))) < (0.7 if masked else 1)
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
        if masked:
            arguments["mask"] = kept
        stacks = {path: (leaf.frames, leaf.axis) for path, leaf in self.options.obs.items()}
        chunk = chunk_of(rows, kept, stacks) if frames and kept.any() else None
        if chunk is not None:
            arguments |= {"obs": None, "next_obs": None, "starts": chunk[1]}
            HAPPENED["extended by frames"] += 1
        if one_stream:
            arguments = {
                k: v if k == "consecutive" or v is None else of_one_stream(v) for k, v in arguments.items()
            }
            if n > 1 or rng.random() < 0.5:
                arguments["env"] = streams[0]
        elif which == "some":
            arguments["env"] = range(streams[0], last)
        if chunk is not None:
            arguments["frames"] = chunk[0]
        with self._storing():
            self.buffer.extend(**arguments)
            for t in range(count):
                for column, stream in enumerate(streams):
                    if not kept[t, column]:
                        continue
                    each = None if given is None else given[t, column]
                    self._store_in_twin(stream, rows[column][t], not consecutive, each)
        HAPPENED[f"extended {which} of the streams"] += 1
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

    @precondition(lambda self: self.options is not None and len(self.twin))
    @rule(really=st.sampled_from((False, False, True)))
    def clear(self, really: bool) -> None:
        if really:
            self.buffer.clear()
            self.twin.clear()
            HAPPENED["cleared"] += 1
