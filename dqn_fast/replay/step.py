"""A step, or rows of steps: the arguments of the core's `add`, by name."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from dqn_fast import trees

# Those that rows are of, as the core's `add` takes them: one, the first of some and their number, or all.
Streams = int | tuple[int, int] | None


class Step(NamedTuple):
    """The arguments of the core's `add`, in its order."""

    obs: Any
    action: Any
    reward: Any
    next_obs: Any
    terminated: Any
    truncated: Any
    mask: Any
    new_segment: Any
    priority: Any
    extra: dict[str, Any]

    def with_observations(self, obs: Any, next_obs: Any) -> Step:
        """Return the same step with other observations; faster than `_replace`."""
        return Step(obs, self.action, self.reward, next_obs, *self[4:])


def odd_one_out(step: Step) -> ValueError | None:
    """Return an error that names the argument with other rows than most; None if all have as many."""
    counted = ("obs", "action", "reward", "next_obs", "terminated", "truncated")
    rows = {name: np.shape(next(iter(trees.leaves(getattr(step, name))), ()))[:1] for name in counted}
    found = {name: shape[0] for name, shape in rows.items() if shape}
    expected, _ = Counter(found.values()).most_common(1)[0]
    odd = [name for name, count in found.items() if count != expected]
    if not odd:
        return None
    return ValueError(f"{odd[0]}: got {found[odd[0]]} rows, expected {expected} as of the other arguments")
