"""What actors, shards and learner send to each other: plain arrays and numbers, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dqn_fast import ReplayBuffer

Array = npt.NDArray[Any]

#: Of the chunks. A shard refuses another: actors of several versions on one cluster must not be mixed.
FORMAT = 1


class Weights(NamedTuple):
    """The weights to act by.

    Attributes:
        version: learner updates that they have had.
        arrays: of the network's `state_dict`.
    """

    version: int
    arrays: Mapping[str, Array]


class Work(NamedTuple):
    """What an actor is asked to do.

    Attributes:
        life: how often it has died before: a new life has new seeds.
        step: environment steps of all actors so far, for schedules.
        rounds: steps of each of its environments.
    """

    life: int
    step: int
    rounds: int


class Collected(NamedTuple):
    """What an actor has done.

    Attributes:
        transitions: that a shard has stored.
        lost: that it made, and no shard has stored.
        returns: undiscounted, of the episodes that ended.
        held: transitions that its shard holds now; None if the shard did not answer.
        version: of the weights that it acted by.
    """

    transitions: int
    lost: int
    returns: list[float]
    held: int | None
    version: int


class Chunk(NamedTuple):
    """Steps of an actor's environments, `(T, N)` of them.

    Attributes:
        format: FORMAT of who made it.
        obs: stacks `(T, N, ...)`, or a dict of them; None if there are frames.
        next_obs: the same of the next observations.
        frames: each frame once; see `ReplayBuffer.extend`.
        starts: bool, with frames: the steps that begin a segment in them.
        action: int64.
        reward: float.
        terminated: bool.
        truncated: bool.
        mask: bool, the steps that are transitions.
        priority: float64, of each; None: the largest so far.
    """

    format: int
    obs: Any
    next_obs: Any
    frames: Any
    starts: Array | None
    action: Array
    reward: Array
    terminated: Array
    truncated: Array
    mask: Array
    priority: Array | None

    @property
    def transitions(self) -> int:
        """How many steps are transitions."""
        return int(np.count_nonzero(self.mask))

    def add_to(self, buffer: ReplayBuffer, env: range | None) -> None:
        """Store the steps in some environments of a buffer, or in all."""
        arguments = self._asdict()
        del arguments["format"]
        buffer.extend(**arguments, env=env)


class Given(NamedTuple):
    """Priorities of a batch, on their way to the shard that it is from.

    Attributes:
        generation: of the shard when it gave the batch.
        indices: int64 `(B,)`.
        priorities: `(B,)`, at least 0.
    """

    generation: int
    indices: Array
    priorities: Array


class Drawn(NamedTuple):
    """A batch of a shard; the learner reads its fields as tensors.

    Attributes:
        generation: of the shard: an index says nothing to another one.
        stale: priorities that came with the request and named no transition any more.
        obs: as in `Batch`, and so are the others.
        action: see `Batch`.
        reward: see `Batch`.
        next_obs: see `Batch`.
        discount: see `Batch`.
        weights: see `Batch`.
        indices: see `Batch`.
    """

    generation: int
    stale: int
    obs: Any
    action: Any
    reward: Any
    next_obs: Any
    discount: Any
    weights: Any
    indices: Any


class Emptied(NamedTuple):
    """A shard's answer if it holds nothing to draw: it came back from nothing.

    Attributes:
        generation: of the shard.
        stale: see `Drawn`.
    """

    generation: int
    stale: int
