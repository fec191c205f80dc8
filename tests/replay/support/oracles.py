"""Slow, obvious twins of the fast structures: what the core promises, in plain words.

Nothing here is clever and nothing is shared with the code under test. A stream is a Python list of steps
(segment_oracle.py), oldest first. Sums run over all leaves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
from replay.support.segment_oracle import (
    Obs,
    Row,
    Stacks,
    Step,
    StreamTwin,
    longest_look_back,
    slots_per_stream,
)

SMALLEST_MASS = float(np.finfo(np.float64).tiny)
LARGEST_MASS = 1e300


def default_reserve(step_bytes: int) -> float:
    return 1.0 if step_bytes <= 256 else 1 / 32


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
        self.sums = NaiveSumTree(self.masses)
        self.minima = NaiveMinTree(self.masses)
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

    def weights(self, masses: list[float], beta: float, normalization: str) -> np.ndarray:
        """Importance weights of draws of these masses in float64, before the one rounding to float32."""
        total, held = self.sums.total(), len(self.masses)

        def weight(mass: float) -> float:
            with np.errstate(divide="ignore"):  # a share may be too small for a float64
                return float(np.power(held * (mass / total), -beta))

        raw = np.array([weight(mass) for mass in masses])
        if normalization == "batch":
            return raw / raw.max()
        if normalization == "buffer":
            return raw / weight(self.minima.smallest())
        return raw


def uniform_probabilities(indices: list[int]) -> dict[int, float]:
    return dict.fromkeys(indices, 1 / len(indices))


def uniform_choices(indices: list[int], count: int) -> dict[tuple[int, ...], float]:
    """Of every ordered choice without replacement, how likely it is."""
    choices = list(permutations(indices, count))
    return dict.fromkeys(choices, 1 / len(choices))


class ReplayTwin:
    """The whole memory: streams of steps, and priorities unless it samples uniformly."""

    def __init__(
        self,
        capacity: int,
        num_envs: int = 1,
        reserve: float = 1.0,
        priorities: PriorityTwin | None = None,
        stacks: Stacks | None = None,
        drops_resets: bool = False,
        by_segment: bool = False,
    ) -> None:
        each = capacity // num_envs
        stacks = {path: stack for path, stack in (stacks or {}).items() if stack.frames > 1}
        slots = slots_per_stream(each, reserve, longest_look_back(stacks))
        self.num_envs = num_envs
        self.capacity = each * num_envs
        self.streams = [StreamTwin(each, slots, stacks, drops_resets) for _ in range(num_envs)]
        self.priorities = priorities
        self.by_segment = by_segment
        self.stale_updates = 0

    def add(
        self,
        stream: int,
        obs: Obs,
        fields: Row,
        next_obs: Obs,
        new_segment: bool = False,
        priority: Any = None,
    ) -> int | None:
        """Store one transition of one stream and return its index; None if it was the row of a reset."""
        step, gone = self.streams[stream].add(obs, fields, next_obs, new_segment)
        self._forget(stream, gone, step)
        if step is None:
            return None
        index = step.t * self.num_envs + stream
        carrier = self.carrier(index)
        if self.priorities is not None and (carrier == index or priority is not None):
            self.priorities.add(carrier, priority)
        return index

    def add_context(self, stream: int, obs: Obs, continues: bool = False) -> None:
        """Store an observation of one stream that nobody acted on."""
        self._forget(stream, self.streams[stream].add_context(obs, continues))

    def _forget(self, stream: int, gone: list[Step], newest: Step | None = None) -> None:
        """Drop the masses of steps; by segment, the next step that was there by then inherits it."""
        if self.priorities is None:
            return
        for step in gone:
            mass = self.priorities.masses.pop(step.t * self.num_envs + stream, None)
            others = [s for s in [*gone, *self.streams[stream].acted()] if s.segment == step.segment]
            later = [s.t for s in others if s.t > step.t and s is not newest]
            if self.by_segment and mass is not None and later:
                self.priorities.masses[min(later) * self.num_envs + stream] = mass

    def segment(self, index: int) -> list[Step]:
        """The steps of the segment of a transition that is held, without the hidden ones."""
        return self._stream_of(index).segment_of(self.step(index))

    def step(self, index: int) -> Step:
        return next(s for s in self._stream_of(index).steps if s.t == int(index) // self.num_envs)

    def segment_indices(self, index: int) -> list[int]:
        """The indices of the acted steps of its segment that are held."""
        stream = int(index) % self.num_envs
        return [s.t * self.num_envs + stream for s in self.segment(index) if s.fields is not None]

    def carrier(self, index: int) -> int:
        """The index that the mass of a transition is filed under: its own, or its segment's first."""
        return self.segment_indices(index)[0] if self.by_segment else int(index)

    def carriers(self) -> list[int]:
        """What is drawn: transitions, or the first of each segment."""
        return sorted({self.carrier(index) for index in self.indices()})

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
        names = ("added", "evicted", "evicted_early", "segments", "dropped")
        totals = {name: sum(getattr(stream, name) for stream in self.streams) for name in names}
        steps = sum(len(stream.steps) for stream in self.streams)
        return {"size": len(self), "steps": steps, "stale_updates": self.stale_updates, **totals}

    def indices(self) -> list[int]:
        """Every index that a draw may give, in ascending order."""
        numbered = enumerate(self.streams)
        return sorted(step.t * self.num_envs + i for i, stream in numbered for step in stream.acted())

    def carrier_probabilities(self) -> dict[int, float]:
        return self.priorities.probabilities() if self.priorities else uniform_probabilities(self.carriers())

    def probabilities(self) -> dict[int, float]:
        """How likely each transition is drawn."""
        drawn = self.carrier_probabilities()
        if not self.by_segment:
            return drawn
        segments = {carrier: self.segment_indices(carrier) for carrier in drawn}
        return {index: drawn[carrier] / len(all_) for carrier, all_ in segments.items() for index in all_}

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
                self.priorities.update(self.carrier(index), float(priority))
        self.stale_updates += sum(stale)
        return sum(stale)

    def row(self, index: int, n_step: int, gamma: float) -> Row:
        """The transition that starts at the index, of n_step steps or as many as its segment has."""
        t = int(index) // self.num_envs
        first = step = next(step for step in self._stream_of(index).steps if step.t == t)
        reward, power = -0.0, 1.0  # -0.0 + x is x, bit for bit
        for taken in range(1, n_step + 1):
            fields = step.fields
            assert fields is not None, f"index {index} is no acted step"
            reward += power * float(fields["reward"])
            power *= gamma
            later = [s for s in self._stream_of(index).steps if s.t > step.t and s.obs is not None]
            following = next(s for s in later if not s.is_context)
            next_obs = step.next_obs if later[0] is following else following.obs
            if following.segment != first.segment or following.fields is None or taken == n_step:
                break
            step = following
        assert first.fields is not None
        rounded = fields["reward"].dtype.type
        with np.errstate(over="ignore"):
            return {
                **first.fields,
                "obs": first.obs,
                "next_obs": next_obs,
                "reward": rounded(reward),
                "discount": rounded(0.0 if fields["terminated"] else power),
                "terminated": fields["terminated"],
                "truncated": fields["truncated"],
            }

    def _stream_of(self, index: int) -> StreamTwin:
        return self.streams[int(index) % self.num_envs]
