"""Rules of the state machine that read: every view of what is held, and the priorities it is drawn by."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from replay.support.building import check_batch, check_frames, check_rows, check_weights
from replay.support.census import HAPPENED
from replay.support.shared_state import SEEDS, SharedState
from replay.support.strategies import PRIORITIES, TAME_PRIORITIES
from replay.support.view_oracle import check_padded, check_segments, check_sequences, segment_masses

from dqn_fast import Batch, FrameBatch

GAMMAS = st.sampled_from((None, 0.0, 0.5, 0.99, 1.0))
HORIZONS = st.sampled_from((None, 1, 2, 3, 10, 1000))


class ReadingRules(SharedState):
    """What comes out of the buffer, compared with what the twin says."""

    @precondition(lambda self: self.options is not None and self.twin_has_mass())
    @rule(
        n_step=HORIZONS,
        gamma=GAMMAS,
        beta=st.sampled_from((None, 0.0, 0.5, 1.0)),
        frames=st.booleans(),
        reuse=st.booleans(),
    )
    def sample(
        self, n_step: int | None, gamma: float | None, beta: float | None, frames: bool, reuse: bool
    ) -> None:
        """Each row of a batch is the twin's row, byte for byte; also where its stacks come as frames."""
        o = self.options
        assert o is not None
        size = 2 * len(self.twin) + 3
        arguments: dict[str, Any] = {"n_step": n_step, "gamma": gamma, "frames": frames}
        if o.alpha is not None:
            arguments["beta"] = beta
        out = self.last_out if reuse and isinstance(self.last_out, FrameBatch if frames else Batch) else None
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
        if isinstance(batch, FrameBatch):
            check_frames(batch)
            HAPPENED["rows of frames compared"] += size
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
    @rule(n_step=HORIZONS, gamma=GAMMAS, frames=st.booleans(), share=st.floats(0, 1))
    def sample_without_replacement(
        self, n_step: int | None, gamma: float | None, frames: bool, share: float
    ) -> None:
        """Different rows, each of them the twin's."""
        o = self.options
        assert o is not None
        size = 1 + int(share * (len(self.twin) - 1))
        batch = self.buffer.sample(size, n_step=n_step, gamma=gamma, replacement=False, frames=frames)
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
