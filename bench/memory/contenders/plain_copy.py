"""The machine's limit for stacks: copy the same frames into the same arrays, and do nothing else."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import numpy as np
from rivals import SEED, Memory
from transitions import FRAMES, Array, Observations, Transitions
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
