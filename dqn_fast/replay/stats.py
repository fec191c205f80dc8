"""What a buffer holds, what it costs, and what happened to it."""

from __future__ import annotations

from typing import Any

import numpy as np

from dqn_fast.replay.step_writer import StepWriter

_COUNTS = (
    "size",
    "added",
    "evicted",
    "evicted_early",
    "segments",
    "steps",
    "stale_updates",
    "dropped",
)
QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)


def collect(writer: StepWriter) -> dict[str, Any]:
    """Return the statistics of a buffer.

    Returns:
        Counts: `size`, `added`, `evicted` and `evicted_early` (before the capacity was reached, because
        the reserve ran out) of transitions, `segments` begun, `steps` held (final, context and open ones
        included), `stale_updates` (priorities that came too late), `dropped` (rows of resets).
        `bytes` by field of the steps held, and `bytes_saved`: what observations and next observations of
        all transitions would take if each were stored whole, less what they take here.
        `kernels`, the instruction set that the core's loops were chosen for.
        `age_mean` and `age_max` of the transitions: how many of their environment came after them.
        Of prioritised buffers: `largest_priority` (what a new step gets, with its eps),
        `priority_quantiles` (least, quartiles and largest, with eps; of the masses if alpha is 0), and
        `effective_size`, how many equally likely transitions would be drawn as diversely.
    """
    if writer.memory is None or writer.schema is None:
        return dict.fromkeys(_COUNTS, 0)
    stats: dict[str, Any] = writer.memory.stats()
    schema = writer.schema
    stats["kernels"] = writer.memory.kernels
    stats["bytes"] = {field.name: stats["steps"] * field.nbytes for field in schema.fields}
    whole = sum(field.frames * field.nbytes for field in schema.obs)
    here = sum(stats["bytes"][field.name] for field in schema.obs)
    stats["bytes_saved"] = max(0, 2 * stats["size"] * whole - here)
    indices = writer.memory.indices()
    if len(indices):
        held = np.bincount(indices % writer.options.num_envs)  # by environment, as the indices are sorted
        ages = np.concatenate([np.arange(count)[::-1] for count in held])
        stats["age_mean"], stats["age_max"] = float(ages.mean()), int(ages.max())
    if writer.options.priorities is not None and len(indices):
        alpha = writer.options.priorities.alpha
        if writer.options.draw_by == "segment":  # one of each: that which no other comes before
            indices = np.setdiff1d(indices, writer.memory.successors(indices))
        masses = writer.memory.masses(indices)
        priorities = masses if alpha == 0 else masses ** (1 / alpha)
        stats["priority_quantiles"] = dict(
            zip(QUANTILES, np.quantile(priorities, QUANTILES).tolist(), strict=True)
        )
        scaled = masses / max(masses.max(), np.finfo(np.float64).tiny)  # so that no square overflows
        stats["effective_size"] = float(scaled.sum() ** 2 / max((scaled**2).sum(), 1e-300))
    return stats
