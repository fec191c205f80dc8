"""Rows as a chunk that gives each frame once, made frame by frame: the slow twin of `replay/chunks.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from replay.support.segment_oracle import leaves
from replay.support.strategies import nested

Column = Sequence[dict[str, Any]]


def frames_of(stack: np.ndarray, frames: int, axis: int) -> list[np.ndarray]:
    return np.split(stack, frames, axis) if frames > 1 else [stack]


def chunk_of(
    columns: Sequence[Column], kept: np.ndarray, stacks: Mapping[Any, Any]
) -> tuple[Any, np.ndarray] | None:
    """The frames and starts of the kept rows of each environment; None if only stacks will do.

    Args:
        columns: the rows of each environment.
        kept: (T, N), which of them the chunk has.
        stacks: of each path of an observation, `frames` and `axis`.
    """
    starts = np.zeros(kept.shape, bool)
    out: dict[Any, list[np.ndarray]] = {path: [] for path in stacks}
    for env, rows in enumerate(columns):
        before = None
        for t, row in enumerate(rows):
            if not kept[t, env]:
                continue
            obs, after = (dict(leaves(row[name])) for name in ("obs", "next_obs"))
            same = before is not None and all(obs[p].tobytes() == before[p].tobytes() for p in obs)
            starts[t, env] = not same
            for path, (frames, axis) in stacks.items():
                old, new = (frames_of(one[path], frames, axis) for one in (obs, after))
                if [f.tobytes() for f in old[1:]] != [f.tobytes() for f in new[:-1]]:
                    return None
                out[path] += [*([] if same else old), new[-1]]
            before = after
    return nested({path: np.stack(frames) for path, frames in out.items() if frames}), starts
