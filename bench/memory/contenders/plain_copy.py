"""The machine's limit for stacks and runs of steps: copy as many into the same arrays, and nothing else."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import numpy as np
from rivals import SEED, Memory
from transitions import FIELDS, FRAMES, Array, Observations, Transitions
from workloads import Workload

BATCHES = 200  # drawn beforehand


class PlainCopy(Memory):
    """Concatenates runs of frames from random places by NumPy: one memcpy per stack."""

    reuses_batch = True

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self.sources: dict[int, Any] = {}

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """Keep views of the frames in order, as everyone who stores each frame once has them."""
        assert isinstance(transitions.obs, Observations)
        self.stacks = transitions.obs.values
        self.transitions = transitions

    def runs(self, first: Array) -> list[Array]:
        """Return views of the stacks that begin with these frames."""
        return [self.stacks[begin] for begin in first]

    def draw(self, batch_size: int) -> Any:
        """Return an endless cycle of batches, as views and their rows, and the two arrays to copy to."""
        rows = np.random.default_rng(SEED).integers(self.workload.size, size=(BATCHES, batch_size))
        first = self.transitions.obs.rows[rows]
        runs = [
            (self.runs(batch), self.runs(batch + 1), drawn) for batch, drawn in zip(first, rows, strict=True)
        ]
        shape = (batch_size * FRAMES, *self.stacks.shape[2:])
        return cycle(runs), np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)

    def sample(self, batch_size: int) -> Any:
        """Copy two stacks for each row."""
        source = self.sources.get(batch_size)
        if source is None:
            source = self.sources[batch_size] = self.draw(batch_size)
        runs, obs, next_obs = source
        stacks, next_stacks, rows = next(runs)
        np.concatenate(stacks, out=obs)
        np.concatenate(next_stacks, out=next_obs)
        return obs, next_obs, rows

    def arrays(self, batch: Any) -> dict[str, Array]:
        """Return the copied stacks, and the other fields from the transitions that it was filled with."""
        obs, next_obs, rows = batch
        rest = self.transitions.fields
        return {
            **{name: rest[name][rows] for name in ("action", "reward", "terminated", "truncated")},
            "obs": obs.reshape(-1, FRAMES, *obs.shape[1:]),
            "next_obs": next_obs.reshape(-1, FRAMES, *next_obs.shape[1:]),
        }


class Runs(Memory):
    """Concatenates runs of stored steps by NumPy: observations with the last, actions, rewards, flags."""

    reuses_batch = True
    only_copies = True

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self.sources: dict[int, Any] = {}
        self.random = np.random.default_rng(SEED)

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """Keep the steps in order, each observation once, and where episodes begin and end."""
        assert isinstance(transitions.obs, Observations)
        self.values, self.rows = transitions.obs.values, transitions.obs.rows
        self.columns = [getattr(transitions, name) for name in FIELDS if name not in ("obs", "next_obs")]
        self.ends = np.flatnonzero(transitions.terminated | transitions.truncated) + 1
        self.begins = np.append(0, self.ends[:-1])

    def spans(self, batch_size: int) -> list[tuple[int, int]]:
        """Return the first step of each run of a batch, and the one behind its last."""
        raise NotImplementedError

    def draw(self, batch_size: int) -> Any:
        """Return an endless cycle of batches, as lists of views and the arrays that they are copied to."""
        batches = []
        for _ in range(BATCHES):
            spans = self.spans(batch_size)
            runs = [self.values[self.rows[first] : self.rows[last - 1] + 2] for first, last in spans]
            fields = [[column[first:last] for first, last in spans] for column in self.columns]
            batches.append((spans, [runs, *fields]))
        most = [
            max(sum(map(len, runs[part])) for _, runs in batches) for part in range(len(self.columns) + 1)
        ]
        sources = (self.values, *self.columns)
        arrays = [
            np.ones((count, *source.shape[1:]), source.dtype)
            for count, source in zip(most, sources, strict=True)
        ]
        return cycle(
            (spans, [(part, array[: sum(map(len, part))]) for part, array in zip(runs, arrays, strict=True)])
            for spans, runs in batches
        )

    def sample(self, batch_size: int) -> Any:
        """Copy the runs of every field."""
        source = self.sources.get(batch_size)
        if source is None:
            source = self.sources[batch_size] = self.draw(batch_size)
        batch = next(source)
        for runs, array in batch[1]:
            np.concatenate(runs, out=array)
        return batch

    def update(self, batch: Any, priorities: Any) -> None:
        """Do nothing: a copy has no priorities."""

    def arrays(self, batch: Any) -> dict[str, Array]:
        """Return the copied steps."""
        spans, copied = batch
        offsets = np.append(0, np.cumsum([last - first for first, last in spans]))
        (_, obs), *columns = copied
        is_last = np.zeros(len(obs), np.bool_)
        is_last[offsets[1:] + np.arange(len(spans))] = True
        names = (name for name in FIELDS if name not in ("obs", "next_obs"))
        return {
            "obs": obs[~is_last],
            "next_obs": obs[1:][~is_last[:-1]],
            **{name: array for name, (_, array) in zip(names, columns, strict=True)},
            "offsets": offsets,
        }


class Sequences(Runs):
    """Copies runs around random steps, cut where their episode begins and ends."""

    def spans(self, batch_size: int) -> list[tuple[int, int]]:
        """Draw steps uniformly."""
        drawn = self.random.integers(self.workload.size, size=batch_size)
        episode = np.searchsorted(self.ends, drawn, side="right")
        first = np.maximum(drawn - self.workload.burn_in, self.begins[episode])
        last = np.minimum(drawn + self.workload.length, self.ends[episode])
        return list(zip(first.tolist(), last.tolist(), strict=True))


class Segments(Runs):
    """Copies whole episodes."""

    def spans(self, batch_size: int) -> list[tuple[int, int]]:
        """Draw episodes uniformly."""
        drawn = self.random.integers(len(self.ends), size=batch_size)
        return list(zip(self.begins[drawn].tolist(), self.ends[drawn].tolist(), strict=True))


class Texts(Runs):
    """Copies whole episodes up to a number of rows."""

    def spans(self, rows: int) -> list[tuple[int, int]]:
        """Draw episodes uniformly until the next would be too long, with its last observation."""
        spans: list[tuple[int, int]] = []
        left = rows
        while True:
            drawn = self.random.integers(len(self.ends))
            span = int(self.begins[drawn]), int(self.ends[drawn])
            left -= span[1] - span[0] + 1
            if left < 0 and spans:
                return spans
            spans.append(span)
