"""Settings of the replay buffer, and of how it is sampled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from dqn_fast.training.settings.rules import (
    A_SHARE,
    NOT_NEGATIVE,
    NOT_NEGATIVE_OR_NONE,
    Settings,
    at_least,
)


@dataclass(frozen=True, kw_only=True)
class ReplaySettings(Settings):
    """The replay buffer."""

    capacity: Annotated[int, at_least(1)] = 100_000
    """Transitions that the replay buffer holds."""
    reserve: Annotated[float | None, NOT_NEGATIVE_OR_NONE] = None
    """Room in the replay buffer for the last observations of episodes, as a share of the capacity; by
    default 1, or 1/32 for images. Episodes shorter than 32 steps need more to be kept."""
    frame_stack: Annotated[int, at_least(1, "frame")] = 1
    """Frames that an observation stacks along its first axis: the buffer stores each frame once."""
    prioritized: bool = False
    """Prioritised replay: transitions with a large TD error are sampled more often."""
    alpha: Annotated[float, NOT_NEGATIVE] = 0.6
    """Prioritised replay: exponent of the priorities; 0 samples uniformly."""
    beta_begin: Annotated[float, A_SHARE] = 0.4
    """Prioritised replay: exponent of the importance weights at the first environment step."""
    beta_end: Annotated[float, A_SHARE] = 1.0
    """Prioritised replay: the same exponent at the last environment step; in between it changes linearly."""
    priority_eps: Annotated[float, NOT_NEGATIVE] = 1e-6
    """Prioritised replay: added to every |TD error|, so that no transition starves."""
