"""Slow, obvious twins of the fast structures: what the replay memory promises, in plain words.

Nothing here is clever and nothing is shared with the code under test. A stream is a Python list of steps,
oldest first; the last one is the open step, on which nobody has acted yet. Sums run over all leaves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Row = dict[str, Any]

SMALLEST_MASS = float(np.finfo(np.float64).tiny)
LARGEST_MASS = 1e300
SPARE_SLOTS = 3


def same_bytes(a: np.ndarray, b: np.ndarray) -> bool:
    """Equality as a join needs it: -0.0 is not 0.0, and a NaN equals the NaN with its own bits."""
    return bool(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes())


def slots_per_stream(capacity: int, reserve: float) -> int:
    return capacity + math.ceil(capacity * reserve) + SPARE_SLOTS


def default_reserve(step_bytes: int) -> float:
    return 1.0 if step_bytes <= 256 else 1 / 32


@dataclass
class Step:
    """One step of a stream; `fields` is None while it is open, and for ever if it became a final one."""

    t: int
    obs: np.ndarray
    fields: Row | None = None  # action, reward, terminated, truncated and the extra fields


@dataclass
class StreamTwin:
    """The steps of one environment, in the order in which they happened."""

    capacity: int
    slots: int
    steps: list[Step] = field(default_factory=list)
    next_t: int = 0
    ended: bool = False
    added: int = 0
    evicted: int = 0
    evicted_early: int = 0
    segments: int = 0

    def acted(self) -> list[Step]:
        return [step for step in self.steps if step.fields is not None]

    def first_t_never_given_out(self) -> int:
        return self.steps[-1].t if self.steps else self.next_t

    def add(self, obs: np.ndarray, fields: Row, next_obs: np.ndarray, fresh: bool) -> tuple[int, list[int]]:
        """Store one transition; return its t, and the t of every transition that had to go for it."""
        may_join = bool(self.steps) and not self.ended and not fresh
        joins = may_join and same_bytes(self.steps[-1].obs, obs)
        gone = self._make_room(new_steps=1 if joins else 2)
        if not joins:
            self._append(obs)  # the former open step stays behind as a final one
            self.segments += 1
        step = self.steps[-1]
        step.fields = fields
        self._append(next_obs)
        self.ended = bool(fields["terminated"] or fields["truncated"])
        self.added += 1
        return step.t, gone

    def clear(self) -> None:
        """Forget everything but t, which never restarts."""
        self.steps = []
        self.ended = False
        self.added = self.evicted = self.evicted_early = self.segments = 0

    def _append(self, obs: np.ndarray) -> None:
        self.steps.append(Step(self.next_t, obs.copy()))
        self.next_t += 1

    def _make_room(self, new_steps: int) -> list[int]:
        gone: list[int] = []
        if len(self.acted()) == self.capacity:
            while not gone:
                gone += self._pop()
        while len(self.steps) + new_steps > self.slots:
            early = self._pop()
            self.evicted_early += len(early)
            gone += early
        self.evicted += len(gone)
        return gone

    def _pop(self) -> list[int]:
        step = self.steps.pop(0)
        return [] if step.fields is None else [step.t]


@dataclass
class NaiveSumTree:
    """Leaves by index; every question looks at all of them."""

    leaves: dict[int, float]

    def total(self) -> float:
        return math.fsum(self.leaves.values())

    def find(self, target: float) -> int:
        """The first leaf whose running sum exceeds the target; the last positive one if none does."""
        running, found = 0.0, -1
        for index in sorted(self.leaves):
            if self.leaves[index] > 0:
                running, found = running + self.leaves[index], index
                if running > target:
                    break
        if found < 0:
            raise ValueError("no leaf is positive")
        return found


@dataclass
class NaiveMinTree:
    """The smallest positive leaf, found by looking at all of them."""

    leaves: dict[int, float]

    def smallest(self) -> float:
        return min((leaf for leaf in self.leaves.values() if leaf > 0), default=math.inf)


class PriorityTwin:
    """Masses of all transitions held, and what follows from them: probabilities and weights."""

    def __init__(self, alpha: float = 0.6, priority_eps: float = 1e-6) -> None:
        self.alpha, self.priority_eps = alpha, priority_eps
        self.clear()

    def clear(self) -> None:
        self.masses: dict[int, float] = {}
        self.sums, self.minima = NaiveSumTree(self.masses), NaiveMinTree(self.masses)
        self.largest = 1.0  # p + priority_eps

    def mass(self, lifted: float) -> float:
        """The mass of p + priority_eps, called lifted: never zero if that is positive."""
        if lifted == 0:
            return 0.0
        return max(lifted**self.alpha, SMALLEST_MASS)

    def check(self, priority: float) -> None:
        if not math.isfinite(priority) or priority < 0:
            raise ValueError(f"priority {priority}")
        lifted = priority + self.priority_eps
        if lifted > 0 and self.alpha * math.log10(lifted) > math.log10(LARGEST_MASS):
            raise ValueError(f"mass of priority {priority}")

    def add(self, index: int, priority: float | None = None) -> None:
        if priority is None:
            self.masses[index] = self.mass(self.largest)
        else:
            self.update(index, priority)

    def update(self, index: int, priority: float) -> None:
        self.check(priority)
        lifted = float(priority) + self.priority_eps
        self.largest = max(self.largest, lifted)
        self.masses[index] = self.mass(lifted)

    def remove(self, index: int) -> None:
        del self.masses[index]

    def probabilities(self) -> dict[int, float]:
        total = self.sums.total()
        return {index: mass / total for index, mass in sorted(self.masses.items())}

    def weights(self, indices: np.ndarray, beta: float, normalization: str) -> np.ndarray:
        """Importance weights in float64, before the one rounding to float32."""
        total, held = self.sums.total(), len(self.masses)

        def weight(mass: float) -> float:
            with np.errstate(divide="ignore"):  # a share may be too small for a float64
                return float(np.power(held * (mass / total), -beta))

        raw = np.array([weight(self.masses[int(index)]) for index in indices])
        if normalization == "batch":
            return raw / raw.max()
        if normalization == "buffer":
            return raw / weight(self.minima.smallest())
        return raw


def uniform_probabilities(indices: list[int]) -> dict[int, float]:
    return dict.fromkeys(indices, 1 / len(indices))


class ReplayTwin:
    """The whole memory: streams of steps, and priorities unless it samples uniformly."""

    def __init__(
        self, capacity: int, num_envs: int = 1, reserve: float = 1.0, priorities: PriorityTwin | None = None
    ) -> None:
        each = capacity // num_envs
        self.num_envs = num_envs
        self.capacity = each * num_envs
        self.streams = [StreamTwin(each, slots_per_stream(each, reserve)) for _ in range(num_envs)]
        self.priorities, self.stale_updates = priorities, 0

    def add(
        self,
        stream: int,
        obs: Any,
        fields: Row,
        next_obs: Any,
        new_segment: bool = False,
        priority: Any = None,
    ) -> int:
        """Store one transition of one stream and return its index."""
        t, gone = self.streams[stream].add(obs, fields, next_obs, new_segment)
        index = t * self.num_envs + stream
        if self.priorities is not None:
            for old in gone:
                self.priorities.remove(old * self.num_envs + stream)
            self.priorities.add(index, priority)
        return index

    def clear(self) -> None:
        for stream in self.streams:
            stream.clear()
        if self.priorities is not None:
            self.priorities.clear()

    def __len__(self) -> int:
        return sum(len(stream.acted()) for stream in self.streams)

    def is_full(self) -> bool:
        return all(len(s.acted()) == s.capacity or s.evicted > 0 for s in self.streams)

    def stats(self) -> dict[str, int]:
        names = ("added", "evicted", "evicted_early", "segments")
        totals = {name: sum(getattr(stream, name) for stream in self.streams) for name in names}
        return {"size": len(self), "stale_updates": self.stale_updates, **totals}

    def indices(self) -> list[int]:
        """Every index that a draw may give, in ascending order."""
        numbered = enumerate(self.streams)
        return sorted(step.t * self.num_envs + i for i, stream in numbered for step in stream.acted())

    def probabilities(self) -> dict[int, float]:
        return self.priorities.probabilities() if self.priorities else uniform_probabilities(self.indices())

    def update_priorities(self, indices: np.ndarray, priorities: np.ndarray) -> int:
        """Give the held indices their new priorities, in order, and return how many were stale."""
        assert self.priorities is not None
        for index, priority in zip(indices, priorities, strict=True):
            self.priorities.check(float(priority))
            if index < 0 or index // self.num_envs >= self._stream_of(index).first_t_never_given_out():
                raise IndexError(f"index {index}")
        held = set(self.indices())
        stale = [int(index) not in held for index in indices]
        for index, priority, ignored in zip(indices, priorities, stale, strict=True):
            if not ignored:
                self.priorities.update(int(index), float(priority))
        self.stale_updates += sum(stale)
        return sum(stale)

    def row(self, index: int, n_step: int, gamma: float) -> Row:
        """The transition that starts at the index, of n_step steps or as many as its segment has."""
        steps = {step.t: step for step in self._stream_of(index).steps}
        t = first = int(index) // self.num_envs
        reward, power = -0.0, 1.0  # -0.0 + x is x, bit for bit
        while True:
            fields = steps[t].fields
            assert fields is not None, f"index {index} is no acted step"
            reward += power * float(fields["reward"])
            power *= gamma
            t += 1
            if t - first == n_step or steps[t].fields is None:
                break
        rounded = fields["reward"].dtype.type
        with np.errstate(over="ignore"):
            return {
                **(steps[first].fields or {}),
                "obs": steps[first].obs,
                "next_obs": steps[t].obs,
                "reward": rounded(reward),
                "discount": rounded(0.0 if fields["terminated"] else power),
                "terminated": fields["terminated"],
                "truncated": fields["truncated"],
            }

    def _stream_of(self, index: int) -> StreamTwin:
        return self.streams[int(index) % self.num_envs]
