"""Films of frames of one number each: how they are stacked, stored and read back."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np


def stack(*frames: float, dtype: str = "float32") -> np.ndarray:
    """A stack of frames of one number each, oldest first."""
    return np.array(frames, dtype)


def add(buffer: Any, obs: tuple[float, ...], next_obs: tuple[float, ...], **more: Any) -> None:
    more = {"action": 0, "reward": 1.0, "terminated": False, **more}
    buffer.add(obs=stack(*obs), next_obs=stack(*next_obs), **more)


def episode(first: float, steps: int, frames: int, padding: float | None = None) -> list[tuple[float, ...]]:
    """The stacks that a wrapper gives: new frames are first, first + 1, …; None repeats the first."""
    old = [first if padding is None else padding] * (frames - 1)
    shown = [*old, *(first + i for i in range(steps + 1))]
    return [tuple(shown[i : i + frames]) for i in range(steps + 1)]


def play(buffer: Any, places: list[tuple[float, ...]], **more: Any) -> None:
    """Go from place to place; `more` belongs to the last step."""
    for i in range(len(places) - 1):
        add(buffer, places[i], places[i + 1], **(more if i == len(places) - 2 else {}))


def transitions(buffer: Any, n_step: int = 1, gamma: float = 1.0) -> list[tuple[list[float], list[float]]]:
    """Observation and next observation of all rows, oldest first."""
    batch = buffer.transitions(n_step=n_step, gamma=gamma)
    return list(zip(batch.obs.tolist(), batch.next_obs.tolist(), strict=True))


def pairs(*episodes: list[tuple[float, ...]]) -> list[tuple[list[float], list[float]]]:
    return [(list(a), list(b)) for places in episodes for a, b in pairwise(places)]


def held(buffer: Any) -> int:
    return buffer.stats()["steps"]
