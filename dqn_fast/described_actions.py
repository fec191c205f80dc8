"""Actions that are described by features, such as words by their letters, or replies by a vector each."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces


class DescribedActions(spaces.Discrete):
    """Discrete actions from 0, each with a row of features; `--network candidates` scores actions by them.

    An environment takes it as its action space, in the place of Discrete. To every other network it is
    nothing more than that.

    Args:
        features: `(A, F)` numbers, a row for each action.
        seed: of `sample`, as Gymnasium's spaces take it.

    Raises:
        ValueError: if there is no action, no feature, another number of axes, or one that is not finite.
    """

    features: npt.NDArray[np.float32]

    def __init__(self, features: npt.ArrayLike, seed: int | np.random.Generator | None = None) -> None:
        array = np.array(features, np.float32)
        if array.ndim != 2 or 0 in array.shape:
            raise ValueError(
                f"features: got shape {array.shape}, expected (actions, features), 1 at least each"
            )
        if not np.isfinite(array).all():
            raise ValueError("features: got one that is not finite, expected finite numbers")
        super().__init__(len(array), seed=seed)
        array.flags.writeable = False
        self.features = array

    def __eq__(self, other: Any) -> bool:
        """Return whether `other` has the same actions, described alike."""
        return (
            isinstance(other, DescribedActions)
            and bool(super().__eq__(other))
            and np.array_equal(self.features, other.features)
        )

    def __repr__(self) -> str:
        return f"DescribedActions({self.features.shape[0]}, {self.features.shape[1]} features each)"
