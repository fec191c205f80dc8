"""Ours, dqn_fast."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from rivals import ALPHA, BETA, EPS, SEED, Memory
from transitions import FIELDS, FRAMES, Array, Transitions
from workloads import GAMMA, Workload

from dqn_fast import Batch, PrioritizedReplayBuffer, ReplayBuffer


class Uniform(Memory):
    """Stores every step once; batches are new arrays."""

    def __init__(
        self, workload: Workload, buffer_class: type[ReplayBuffer] = ReplayBuffer, **options: Any
    ) -> None:
        self.buffer = buffer_class(
            workload.size,
            num_envs=workload.environments,
            frame_stack=FRAMES if len(workload.shape) == 3 else 1,
            n_step=workload.n,
            gamma=GAMMA,
            seed=SEED,
            **options,
        )
        self.names = (*FIELDS, *["discount"] * (workload.n > 1), *["weights"] * workload.prioritized)
        self.add = self.buffer.add
        self.extend = self.buffer.extend
        self.sample: Any = self.buffer.sample

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """Call `extend` part by part."""
        environments = transitions.action.shape[1:]
        if priorities is not None and environments:  # they are ordered by environment
            priorities = priorities.reshape(*environments, -1).T
        for part, rows in transitions.chunks():
            self.buffer.extend(**rows.fields, priority=None if priorities is None else priorities[part])

    def arrays(self, batch: Any) -> dict[str, Array]:
        """Return the fields that the others give, too."""
        return {name: np.asarray(getattr(batch, name)) for name in self.names}


class UniformInto(Uniform):
    """Fills the arrays of one batch again and again, by `out=`."""

    reuses_batch = True

    def __init__(self, workload: Workload) -> None:
        super().__init__(workload)
        self.batch: Callable[[int], Batch] = cache(self.buffer.empty_batch)
        self.sample = self.sample_into

    def sample_into(self, batch_size: int) -> Any:
        """Draws into the batch of this size."""
        return self.buffer.sample(batch_size, out=self.batch(batch_size))


class Prioritized(Uniform):
    """Divides weights by the largest in the batch, or by the largest possible in the buffer."""

    def __init__(self, workload: Workload, weight_normalization: str) -> None:
        super().__init__(
            workload,
            PrioritizedReplayBuffer,
            alpha=ALPHA,
            beta=BETA,
            priority_eps=EPS,
            weight_normalization=weight_normalization,
        )

    def update(self, batch: Any, priorities: Any) -> None:
        """Update as a learner does, with the batch's indices."""
        self.buffer.update_priorities(batch.indices, priorities)


class PrioritizedTensors(Prioritized):
    """Fills the tensors of one batch again and again."""

    reuses_batch = True

    def __init__(self, workload: Workload, weight_normalization: str) -> None:
        super().__init__(workload, weight_normalization)
        self.batch = cache(lambda rows: self.buffer.empty_batch(rows, torch=True))
        self.sample = self.sample_into

    def sample_into(self, batch_size: int) -> Any:
        """Draws into the batch of this size."""
        return self.buffer.sample(batch_size, out=self.batch(batch_size))


class Sequences(Uniform):
    """Draws sequences of steps; batches are new arrays."""

    def __init__(self, workload: Workload, *arguments: Any, **options: Any) -> None:
        super().__init__(workload, *arguments, **options)
        self.length, self.burn_in = workload.length, workload.burn_in
        self.sample = self.sample_sequences

    def sample_sequences(self, batch_size: int) -> Any:
        """Draws as many sequences."""
        return self.buffer.sample_sequences(batch_size, self.length, burn_in=self.burn_in)

    def arrays(self, batch: Any) -> dict[str, Array]:
        """Return the acted steps, one sequence behind another."""
        obs, acted, learn = batch.obs, batch.acted, batch.learn
        after = obs[np.arange(len(obs))[:, None], batch.bootstrap]
        offsets = np.append(0, np.cumsum(acted.sum(axis=1)))
        arrays = {
            "obs": obs[:, : acted.shape[1]][acted],
            "next_obs": after[acted],
            **{name: getattr(batch, name)[acted] for name in FIELDS if name not in ("obs", "next_obs")},
            "offsets": offsets,
        }
        if "weights" in self.names:
            arrays.update(weights=batch.weights, drawn=offsets[:-1] + learn.argmax(axis=1))
        return arrays


class SequencesInto(Sequences):
    """Fills the arrays of one batch again and again, by `out=`."""

    reuses_batch = True

    def __init__(self, workload: Workload, *arguments: Any, **options: Any) -> None:
        super().__init__(workload, *arguments, **options)
        self.batch = cache(lambda rows: self.buffer.empty_sequences(rows, self.length, burn_in=self.burn_in))
        self.sample = self.sample_into

    def sample_into(self, batch_size: int) -> Any:
        """Draws into the batch of this size."""
        return self.buffer.sample_sequences(
            batch_size, self.length, burn_in=self.burn_in, out=self.batch(batch_size)
        )


class PrioritizedSequences(Sequences, Prioritized):
    """Draws the steps that sequences are learnt from by priority."""


class PrioritizedSequencesInto(SequencesInto, Prioritized):
    """Does so into the arrays of one batch."""


class Segments(Uniform):
    """Draws whole episodes, each equally likely, and packs them."""

    def __init__(self, workload: Workload) -> None:
        super().__init__(workload, draw_by="segment")
        self.sample = self.buffer.sample_segments

    def arrays(self, batch: Any) -> dict[str, Array]:
        """Return the acted steps, one segment behind another."""
        acted = batch.acted
        return {
            "obs": batch.obs[acted],
            "next_obs": batch.obs[batch.bootstrap][acted],
            **{name: getattr(batch, name)[acted] for name in FIELDS if name not in ("obs", "next_obs")},
            "offsets": np.append(0, np.cumsum(acted))[batch.offsets],
        }


class Texts(Segments):
    """Draws segments until a number of rows is full."""

    def __init__(self, workload: Workload) -> None:
        super().__init__(workload)
        self.sample = self.sample_rows

    def sample_rows(self, rows: int) -> Any:
        """Draws at most so many rows."""
        return self.buffer.sample_segments(max_rows=rows)
