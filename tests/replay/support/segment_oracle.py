"""The slow twin of one stream: which steps it holds, which of them follow upon each other, which go first.

A module of its own because it knows observations and slots, and nothing of indices, priorities and draws.
Every step keeps its whole observation, each stack in full, and every transition its own next observation:
what the memory shares between steps and derives again, the twin never lets go of.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

Row = dict[str, Any]
Obs = Any  # an array, or a dict of observations
Path = tuple[str, ...]

SPARE_SLOTS = 3


class Stack(NamedTuple):
    """How many frames an array consists of, and the axis along which they lie, oldest first."""

    frames: int
    axis: int


Stacks = Mapping[Path, Stack]  # of the arrays that are stacks; the path of an array alone is ()


def same_bytes(a: np.ndarray, b: np.ndarray) -> bool:
    """Equality as a join needs it: -0.0 is not 0.0, and a NaN equals the NaN with its own bits."""
    return bool(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes())


def leaves(obs: Obs, path: Path = ()) -> Iterator[tuple[Path, np.ndarray]]:
    """The arrays of an observation and where each lies in it."""
    if isinstance(obs, Mapping):
        for key, inner in obs.items():
            yield from leaves(inner, (*path, key))
    else:
        yield path, np.asarray(obs)


def same_obs(a: Obs, b: Obs) -> bool:
    others = dict(leaves(b))
    return all(same_bytes(array, others[path]) for path, array in leaves(a))


def frames_of(obs: Obs, stacks: Stacks) -> dict[Path, list[np.ndarray]]:
    """The frames of each array that is a stack, oldest first."""

    def split(array: np.ndarray, stack: Stack) -> list[np.ndarray]:
        whole = np.moveaxis(array, stack.axis, 0)
        channels = len(whole) // stack.frames
        return [whole[i * channels : (i + 1) * channels] for i in range(stack.frames)]

    if not stacks:
        return {}
    arrays = dict(leaves(obs))
    return {path: split(arrays[path], stack) for path, stack in stacks.items()}


def follows(after: Obs, before: Obs, stacks: Stacks) -> bool:
    """Whether each stack of the one is that of the other with one more frame."""
    new, old = frames_of(after, stacks), frames_of(before, stacks)
    pairs = (zip(new[path][:-1], old[path][1:], strict=True) for path in stacks)
    return all(same_bytes(a, b) for pair in pairs for a, b in pair)


def moved_by(after: Obs, before: Obs, stacks: Stacks) -> int:
    """The fewest frames by which each stack of the one is that of the other moved on; at least one."""
    new, old = frames_of(after, stacks), frames_of(before, stacks)
    for frames in range(1, longest_look_back(stacks) + 1):
        pairs = [
            pair for path in stacks for pair in zip(new[path][:-frames], old[path][frames:], strict=True)
        ]
        if all(same_bytes(a, b) for a, b in pairs):
            return frames
    return longest_look_back(stacks) + 1


def longest_look_back(stacks: Stacks) -> int:
    return max((stack.frames for stack in stacks.values()), default=1) - 1


def frames_needed(obs: Obs, stacks: Stacks) -> int:
    """The fewest frames to keep before a segment's first, so that padding gives the rest of all stacks."""
    frames = frames_of(obs, stacks).values()
    for kept in range(longest_look_back(stacks)):
        older = [stack[: -kept - 1] for stack in frames]
        pairs = list(zip(frames, older, strict=True))
        repeated = all(same_bytes(f, stack[-kept - 1]) for stack, old in pairs for f in old)
        zero = all(not any(f.tobytes()) for old in older for f in old)
        if repeated or zero:
            return kept
    return longest_look_back(stacks)


def slots_per_stream(capacity: int, reserve: float, look_back: int = 0) -> int:
    return capacity + math.ceil(capacity * reserve) + SPARE_SLOTS + 3 * look_back


@dataclass
class Step:
    """One step of a stream: acted on if it has fields, else a hidden, a context, a final or the open step."""

    t: int
    segment: int  # the t of its segment's first step
    begins: int  # the t of its segment's first step that is not hidden
    obs: Obs  # None of a hidden one
    fields: Row | None = None  # action, reward, terminated, truncated and the extra fields
    next_obs: Obs = None  # of an acted step
    is_context: bool = False


@dataclass
class StreamTwin:
    """The steps of one environment, in the order in which they happened."""

    capacity: int
    slots: int
    stacks: Stacks = field(default_factory=dict)
    drops_resets: bool = False  # autoreset="next_step"
    steps: list[Step] = field(default_factory=list)
    next_t: int = 0
    ended: bool = False
    may_drop: bool = False
    ending: Step | None = None  # the observation with which the last episode ended
    added: int = 0
    evicted: int = 0
    evicted_early: int = 0
    segments: int = 0
    dropped: int = 0

    def acted(self) -> list[Step]:
        return [step for step in self.steps if step.fields is not None]

    def first_t_never_given_out(self) -> int:
        has_open = self.steps and not self.steps[-1].is_context
        return self.steps[-1].t if has_open else self.next_t

    def add(self, obs: Obs, fields: Row, next_obs: Obs, fresh: bool) -> tuple[Step | None, list[Step]]:
        """Store one transition; return its step, and every transition's that had to go for it."""
        last = self.steps[-1] if self.steps else None
        knows_ending = self.may_drop and any(step is self.ending for step in self.steps)
        if knows_ending and not fresh and same_obs(self.ending.obs, obs):
            self.may_drop = False
            self.dropped += 1
            return None, []
        is_open = bool(last and not last.is_context and not self.ended and not fresh)
        joins = is_open and same_obs(last.obs, obs)
        resumes = bool(last and last.is_context and not fresh)
        moved = moved_by(next_obs, obs, self.stacks)
        before = 0 if joins else self._hidden_before(obs, resumes) + 1
        gone = self._make_room(before + moved, new_transition=True)
        if not joins:
            self._begin(obs, resumes)  # a former open step stays behind as a final one
        step = self.steps[-1]
        step.fields, step.next_obs = fields, next_obs
        self._append(next_obs, hidden=moved - 1, after=step)
        self.ended = bool(fields["terminated"] or fields["truncated"])
        self.may_drop = self.ended and self.drops_resets
        self.ending = self.steps[-1]
        self.added += 1
        return step, gone

    def add_context(self, obs: Obs, continues: bool = False) -> list[Step]:
        """Store an observation that nobody acted on; return every transition's step that went for it."""
        last = self.steps[-1] if self.steps else None
        if continues and last and not last.is_context and not self.ended:
            moved = moved_by(obs, last.obs, self.stacks)
            gone = self._make_room(moved)
            last.is_context = True
            self._append(obs, hidden=moved - 1, after=last)
            return gone
        resumes = bool(last and last.is_context)
        new_steps = self._hidden_before(obs, resumes) + 1
        gone = self._make_room(new_steps + 1)  # a slot is kept free for the step that goes on from here
        self._begin(obs, resumes)
        self.steps[-1].is_context = True
        self.ended = False
        return gone

    def segment_of(self, step: Step) -> list[Step]:
        """The steps of a step's segment that are held, without the hidden ones."""
        return [other for other in self.steps if other.segment == step.segment and other.obs is not None]

    def clear(self) -> None:
        """Forget everything but t, which never restarts."""
        self.steps, self.ending = [], None
        self.ended = self.may_drop = False
        self.added = self.evicted = self.evicted_early = self.segments = self.dropped = 0

    def _hidden_before(self, obs: Obs, resumes: bool) -> int:
        """How many hidden steps go before the first step of a segment, or before one that goes on."""
        return (
            moved_by(obs, self.steps[-1].obs, self.stacks) - 1 if resumes else frames_needed(obs, self.stacks)
        )

    def _begin(self, obs: Obs, resumes: bool) -> None:
        """Append the first step of a segment, or the one that contexts were waiting for."""
        self.segments += not resumes
        hidden = self._hidden_before(obs, resumes)
        self._append(obs, hidden, after=self.steps[-1] if resumes else None)

    def _append(self, obs: Obs, hidden: int, after: Step | None) -> None:
        """Append a step, behind hidden ones, to the segment of the step before, or to a new one."""
        first = self.next_t if after is None else after.segment
        begins = self.next_t + hidden if after is None else after.begins
        for shown in [None] * hidden + [obs]:
            self.steps.append(Step(self.next_t, first, begins, shown))
            self.next_t += 1

    def _oldest_needed(self) -> int:
        """The t of the oldest step whose frame the stack of a held step begins with."""
        tail = self.steps[0]
        return tail.t - min(longest_look_back(self.stacks), tail.t - tail.segment)

    def _make_room(self, new_steps: int, new_transition: bool = False) -> list[Step]:
        gone: list[Step] = []
        if new_transition and len(self.acted()) == self.capacity:
            while not gone:
                gone += self._pop()
        while self.steps and self.next_t + new_steps - self._oldest_needed() > self.slots:
            early = self._pop()
            self.evicted_early += len(early)
            gone += early
        self.evicted += len(gone)
        return gone

    def _pop(self) -> list[Step]:
        step = self.steps.pop(0)
        return [] if step.fields is None else [step]
