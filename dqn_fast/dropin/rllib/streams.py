"""Which environment of the memory the fragments of an episode go to."""

from __future__ import annotations

import warnings
from collections import deque
from typing import NamedTuple


class Place(NamedTuple):
    """Where a fragment goes.

    Attributes:
        env: of the memory.
        episode: its number among all, from 0.
        continues: whether the step before its first is the newest of that environment.
    """

    env: int
    episode: int
    continues: bool


class Streams:
    """Deals episodes, which come in fragments and by several at once, to the environments of a memory.

    Args:
        envs: of the memory.
        capacity: transitions of each.

    Attributes:
        episodes: begun so far; one whose environment went to another counts again.
    """

    def __init__(self, envs: int, capacity: int) -> None:
        self.episodes = 0
        self._capacity = capacity
        self._added = [0] * envs
        self._going_on: dict[str, tuple[Place, int]] = {}  # by id, with its next time step; oldest use first
        self._begun: list[deque[int]] = [deque() for _ in range(envs)]  # what was added before each episode

    def place(self, name: str, first: int) -> Place:
        """Return where a fragment goes; `note` says that it has been added there.

        Args:
            name: of its episode.
            first: its first time step.
        """
        known, next_step = self._going_on.get(name, (None, 0))
        if known is None:
            return Place(self._next_env(), self.episodes, False)
        if first != next_step:
            return Place(known.env, self.episodes, False)
        return known

    def note(self, place: Place, name: str, first: int, length: int, ended: bool) -> None:
        """Remember that a fragment has been added.

        Args:
            place: where.
            name: of its episode.
            first: its first time step.
            length: its time steps.
            ended: whether its episode ends with it.
        """
        if not place.continues:
            if first > 0:
                warnings.warn(
                    f"episodes: got one from its step {first} whose earlier steps are not the newest of an"
                    f" environment, expected {len(self._added)} episodes under way at once at most; no n-step"
                    " return goes on across it: give 'num_envs' in replay_buffer_config, the environments of"
                    " all env runners",
                    RuntimeWarning,
                    stacklevel=4,
                )
            self.episodes += 1
            self._begun[place.env].append(self._added[place.env])
        self._added[place.env] += length
        others = [other for other, (held, _) in self._going_on.items() if held.env == place.env]
        for other in others:  # itself, or the one whose environment it has taken
            del self._going_on[other]
        if not ended:
            self._going_on[name] = place._replace(continues=True), first + length

    def _next_env(self) -> int:
        """Return the free one that was added to least, or that of the episode heard of longest ago."""
        taken = {place.env for place, _ in self._going_on.values()}
        free = [env for env in range(len(self._added)) if env not in taken]
        if free:
            return min(free, key=self._added.__getitem__)
        return next(iter(self._going_on.values()))[0].env

    def held(self) -> int:
        """Return how many episodes have steps in the memory, which keeps the newest of each environment."""
        for added, begun in zip(self._added, self._begun, strict=True):
            while len(begun) > 1 and begun[1] <= added - self._capacity:
                begun.popleft()
        return sum(map(len, self._begun))
