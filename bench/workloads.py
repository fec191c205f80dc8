"""What is stored: the transitions of one kind, how many, and how they are asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from transitions import Array, Transitions, n_step, record

GAMMA = 0.99
SMALL = {1: 1024, 3: 400}  # transitions of a check, by axes of an observation; of 64 or 8 environments


@dataclass(frozen=True)
class Workload:
    """A full memory.

    Attributes:
        kind: by which a rival says what it can do; see `rivals.CONTENDERS`.
        size: transitions in it, of all environments.
        shape: of an observation; three axes are a stack of frames.
        environments: that the transitions come from, one of each in every step.
        n: environment steps that a sampled transition spans.
    """

    kind: str
    size: int = 1_000_000
    shape: tuple[int, ...] = (4,)
    environments: int = 1
    n: int = 1

    @property
    def prioritized(self) -> bool:
        """Whether its transitions have priorities."""
        return self.kind.startswith(("prioritised", "thesis"))

    def small(self) -> Workload:
        """The same of few transitions."""
        return replace(self, size=SMALL[len(self.shape)])

    def record(self, seed: int, size: int | None = None) -> Transitions:
        """Transitions for it, as many as it holds or as are asked for."""
        return record(size or self.size, self.shape, self.environments, seed)

    def sampled(self, transitions: Transitions) -> Transitions:
        """What a batch is made of: n-step transitions of them."""
        return transitions if self.n == 1 else n_step(transitions, self.n, GAMMA)

    def given(self, priorities: Array) -> Any:
        """New priorities, as a learner has them: a tensor if its batches are tensors."""
        if self.kind != "prioritised, tensors":
            return priorities
        import torch

        return torch.from_numpy(priorities)
