"""What a memory is besides its fields: its size, its seed, how it draws and weighs."""

from __future__ import annotations

from typing import Any, NamedTuple

from dqn_fast import _core
from dqn_fast.checks import within
from dqn_fast.replay.schema import StepSchema

LARGEST_EXPONENT = 1_000  # of priorities and weights: far beyond use, and its products stay finite


class PriorityOptions(NamedTuple):
    """How a prioritised memory draws and weighs."""

    alpha: float
    eps: float
    normalization: str
    stratified: bool

    @classmethod
    def checked(
        cls, alpha: Any, priority_eps: Any, weight_normalization: Any, stratified: Any
    ) -> PriorityOptions:
        """Return the options that a constructor was given.

        Raises:
            TypeError: if a number is none.
            ValueError: if one is out of its range, or there is no such normalization.
        """
        if weight_normalization not in ("batch", "buffer", "none"):
            raise ValueError(
                f"weight_normalization: got {weight_normalization!r}, expected 'batch', 'buffer' or 'none'"
            )
        return cls(
            within("alpha", alpha, 0, LARGEST_EXPONENT),
            within("priority_eps", priority_eps, 0),
            weight_normalization,
            bool(stratified),
        )


class MemoryOptions(NamedTuple):
    """What a memory is besides its fields; `capacity` is that of one environment."""

    num_envs: int
    capacity: int
    reserve: float | None
    autoreset: str | None
    seed: int
    priorities: PriorityOptions | None  # None samples uniformly
    draw_by: str = "step"

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> MemoryOptions:
        """Return the options whose `_asdict()` was written as JSON."""
        priorities = data["priorities"]
        return cls(**{**data, "priorities": None if priorities is None else PriorityOptions(*priorities)})

    def allocate(self, schema: StepSchema) -> _core.ReplayMemory:
        """Return an empty memory of these fields.

        Raises:
            MemoryError: if the machine does not have the memory.
        """
        drops_resets = self.autoreset == "next_step"
        return _core.ReplayMemory(
            schema.fields,
            self.num_envs,
            self.capacity,
            self.reserve,
            drops_resets,
            self.draw_by == "segment",
            self.seed,
            self.priorities,
        )
