"""The transitions that every contender gets: episodes of random length, some of them truncated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Step: TypeAlias = tuple[Any, Any, Any, Any, Any, Any]

FIELDS = ("obs", "action", "reward", "next_obs", "terminated", "truncated")
EPISODES = (10, 500)  # transitions of the shortest and of the longest, unless a workload says otherwise
SHARE_TRUNCATED = 0.2
FRAMES = 4  # of a stack
CHUNK_BYTES = 2**25


@dataclass(frozen=True)
class Observations:
    """Observations by their row in `values`, which may be overlapping stacks of frames; indexing copies."""

    values: Array
    rows: Array  # shape (T,), or (T, environments)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, key: Any) -> Array:
        return np.array(self.values[self.rows[key]])


@dataclass(frozen=True)
class Transitions:
    """Consecutive transitions, one row per time step; with many environments on a second axis."""

    obs: Any  # an array, or Observations
    action: Array
    reward: Array
    next_obs: Any
    terminated: Array
    truncated: Array
    discount: Array | None = None  # of n-step transitions

    def __len__(self) -> int:
        return len(self.action)

    def __getitem__(self, key: Any) -> Transitions:
        return Transitions(**{name: value[key] for name, value in self.fields.items()})

    @property
    def fields(self) -> dict[str, Any]:
        """The columns by name."""
        names = FIELDS if self.discount is None else (*FIELDS, "discount")
        return {name: getattr(self, name) for name in names}

    def chunks(self) -> Iterator[tuple[slice, Transitions]]:
        """Yield all rows in order, in parts of some megabytes, each with its slice."""
        rows = max(1, CHUNK_BYTES // self.obs[0].nbytes)
        for first in range(0, len(self), rows):
            part = slice(first, min(first + rows, len(self)))
            yield part, self[part]

    def by_environment(self) -> Transitions:
        """Return the rows of one environment after those of another, on one axis."""
        if self.action.ndim == 1:
            return self
        flat = {name: _flat(value) for name, value in self.fields.items()}
        return Transitions(**flat)

    def steps(self) -> list[Step]:
        """Return each row as environment and agent give it: arrays of its own, and Python numbers."""
        rows = [self.obs[i] for i in range(len(self))], [self.next_obs[i] for i in range(len(self))]
        action, reward, terminated, truncated = (
            list(array) if array.ndim > 1 else array.tolist()
            for array in (self.action, self.reward, self.terminated, self.truncated)
        )
        return list(zip(rows[0], action, reward, rows[1], terminated, truncated, strict=True))


def _flat(value: Any) -> Any:
    if isinstance(value, Observations):
        return Observations(value.values, np.swapaxes(value.rows, 0, 1).reshape(-1))
    return np.swapaxes(value, 0, 1).reshape(-1, *value.shape[2:])


def record(
    count: int,
    shape: tuple[int, ...],
    environments: int,
    seed: int,
    episodes: tuple[int, int] = EPISODES,
) -> Transitions:
    """Return whole episodes, `count` transitions in all; each environment's last episode is truncated.

    An observation of three axes is a stack of frames. An episode begins with its first frame repeated. An
    observation without axes is a token: int32, as its action is, and each is another one.
    """
    rng = np.random.default_rng(seed)
    parts, stored = [], 0
    for _ in range(environments):
        padding = FRAMES - 1 if len(shape) == 3 else 0
        parts.append(_episodes(count // environments, episodes, padding, stored, rng))
        stored = parts[-1].stored
    if len(shape) == 3:
        frames = rng.integers(256, size=(stored, *shape[1:]), dtype=np.uint8)
        for part in parts:
            for before in range(1, FRAMES):
                frames[part.first_rows + FRAMES - 1 - before] = frames[part.first_rows + FRAMES - 1]
        stacks = np.lib.stride_tricks.sliding_window_view(frames, FRAMES, axis=0)
        values: Array = np.moveaxis(stacks, -1, 1)
    elif shape:
        values = rng.standard_normal((stored, *shape), dtype=np.float32)
    else:
        values = rng.permutation(stored).astype(np.int32)
    joined = [np.stack(columns, axis=1) for columns in zip(*(part.columns for part in parts), strict=True)]
    rows, terminated, truncated = joined if environments > 1 else (column[:, 0] for column in joined)
    return Transitions(
        obs=Observations(values, rows),
        action=rng.integers(2, size=rows.shape).astype(np.int64 if shape else np.int32),
        reward=rng.random(rows.shape, dtype=np.float32),
        next_obs=Observations(values, rows + 1),
        terminated=terminated,
        truncated=truncated,
    )


@dataclass(frozen=True)
class _Episodes:
    columns: tuple[Array, Array, Array]  # rows of observations, terminated, truncated
    first_rows: Array  # of each episode
    stored: int


def _episodes(
    count: int, lengths: tuple[int, int], padding: int, first: int, rng: np.random.Generator
) -> _Episodes:
    ends = np.cumsum(rng.integers(*lengths, size=count // lengths[0] + 1, endpoint=True))
    last = np.append(ends[ends < count], count) - 1  # the last transition of each episode
    truncated = np.zeros(count, np.bool_)
    truncated[last] = rng.random(len(last)) < SHARE_TRUNCATED
    truncated[-1] = True
    terminated = np.zeros(count, np.bool_)
    terminated[last] = ~truncated[last]
    # An episode of T transitions has T + 1 observations; stacks need `padding` frames before them.
    rows = first + np.arange(count)
    rows[1:] += (1 + padding) * np.cumsum((terminated | truncated)[:-1])
    begins = np.append(0, last[:-1] + 1)
    return _Episodes((rows, terminated, truncated), rows[begins], int(rows[-1]) + 2 + padding)


def n_step(transitions: Transitions, n: int, gamma: float) -> Transitions:
    """Return the transitions over n steps, or fewer where an episode ends, with their discounts."""
    count = len(transitions)
    time = np.arange(count).reshape(-1, *[1] * (transitions.action.ndim - 1))
    last = np.broadcast_to(time, transitions.action.shape).copy()
    goes_on = np.ones(transitions.action.shape, np.bool_)
    reward = np.zeros(transitions.action.shape)
    done = transitions.terminated | transitions.truncated
    for k in range(n):
        row = np.minimum(time + k, count - 1)
        goes_on = goes_on & (time + k < count)
        reward += np.where(goes_on, gamma**k * np.take(transitions.reward, row.ravel(), axis=0), 0)
        last = np.where(goes_on, row, last)
        goes_on = goes_on & ~np.take(done, row.ravel(), axis=0)
    terminated = np.take_along_axis(transitions.terminated, last, axis=0)
    return Transitions(
        obs=transitions.obs,
        action=transitions.action,
        reward=reward.astype(np.float32),
        next_obs=Observations(
            transitions.next_obs.values, np.take_along_axis(transitions.next_obs.rows, last, axis=0)
        ),
        terminated=terminated,
        truncated=np.take_along_axis(transitions.truncated, last, axis=0),
        discount=np.where(terminated, 0, gamma ** (last - time + 1)).astype(np.float32),
    )


def priorities(count: int, seed: int) -> Array:
    """Return priorities distributed like TD errors: many small ones, a few large ones."""
    return np.random.default_rng(seed).exponential(size=count).astype(np.float32)
