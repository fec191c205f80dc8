"""The largest priority of the items held: what `max_priority_within_buffer` gives a new one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dqn_fast._core import PriorityIndex


class LargestHeld:
    """Remembers the largest mass, and looks at every item only when that one may have gone."""

    def __init__(self) -> None:
        self._mass: float | None = None  # None: to be looked for

    def forget(self) -> None:
        """Look for it again: any item may have left."""
        self._mass = None

    def before(self, core: PriorityIndex, ids: npt.NDArray[np.int64]) -> None:
        """Notice that these items will have other masses."""
        if self._mass is not None and core.masses(ids).max(initial=0.0) >= self._mass:
            self._mass = None

    def after(self, core: PriorityIndex, ids: npt.NDArray[np.int64]) -> None:
        """Notice which masses they have now."""
        if self._mass is not None:
            self._mass = max(self._mass, float(core.masses(ids).max(initial=0.0)))

    def mass(self, core: PriorityIndex) -> float:
        """Return the largest mass, 0 if no item is held. O(capacity) if it has to be looked for."""
        if self._mass is None:
            ids = core.ids_at(np.arange(core.capacity))
            self._mass = float(core.masses(ids[ids >= 0]).max(initial=0.0))
        return self._mass
