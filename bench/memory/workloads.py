"""What a memory holds: which transitions, how many, and how they are asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from transitions import EPISODES, Array, Transitions, n_step, priorities, record

GAMMA = 0.99
SMALL = {1: 1024, 3: 400}  # transitions of a check, by axes of an observation; multiples of 64 and of 8
SMALL_RUNS = {0: 4096, 1: 2048, 3: 600}  # of a check of sequences or segments
SMALL_EPISODE = 200  # at most


@dataclass(frozen=True)
class Workload:
    """What a full memory holds.

    Attributes:
        kind: names what a contender must be able to do; see `rivals.CONTENDERS`.
        size: transitions of all environments together.
        shape: of an observation; three axes are a stack of frames, none a token.
        environments: each gives one transition in every step.
        n: environment steps that a sampled transition spans.
        episodes: transitions of the shortest episode and of the longest.
        length: steps of a sequence to learn from; 0 where none are sampled.
        burn_in: steps before them.
    """

    kind: str
    size: int = 1_000_000
    shape: tuple[int, ...] = (4,)
    environments: int = 1
    n: int = 1
    episodes: tuple[int, int] = EPISODES
    length: int = 0
    burn_in: int = 0

    @property
    def in_runs(self) -> bool:
        """Whether batches consist of runs of steps: sequences, segments, or texts."""
        return self.length > 0 or self.whole_episodes

    @property
    def whole_episodes(self) -> bool:
        """Whether each run is a whole episode."""
        return self.kind.startswith(("segments", "texts"))

    @property
    def steps(self) -> int:
        """The most steps of a sequence."""
        return self.burn_in + self.length

    @property
    def prioritized(self) -> bool:
        """Whether its transitions have priorities."""
        return self.kind.startswith(("prioritised", "thesis"))

    def small(self) -> Workload:
        """Return the same workload with few transitions."""
        if not self.in_runs:
            return replace(self, size=SMALL[len(self.shape)])
        shortest, longest = self.episodes
        episodes = min(shortest, SMALL_EPISODE // 4), min(longest, SMALL_EPISODE)
        return replace(self, size=SMALL_RUNS[len(self.shape)], episodes=episodes)

    def record(self, seed: int, size: int | None = None) -> Transitions:
        """Return `size` transitions; by default as many as it holds."""
        return record(size or self.size, self.shape, self.environments, seed, self.episodes)

    def priorities(self, seed: int) -> Array | None:
        """Return a priority for each transition it holds; None if it has none."""
        return priorities(self.size, seed) if self.prioritized else None

    def sampled(self, transitions: Transitions) -> Transitions:
        """Return what batches consist of: the transitions over n steps of these single steps."""
        return transitions if self.n == 1 else n_step(transitions, self.n, GAMMA)

    def given(self, priorities: Array) -> Any:
        """Return new priorities as a learner has them: in a tensor if its batches are tensors."""
        if self.kind != "prioritised, tensors":
            return priorities
        import torch

        return torch.from_numpy(priorities)
