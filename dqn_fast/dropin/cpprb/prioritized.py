"""The prioritised buffer of cpprb, and `create_buffer`."""

from __future__ import annotations

from typing import Any

import numpy as np

from dqn_fast.dropin.cpprb.uniform import ReplayBuffer, Rows
from dqn_fast.replay import PrioritizedReplayBuffer as _PrioritizedReplayBuffer


class PrioritizedReplayBuffer(ReplayBuffer):
    """Proportional prioritised replay (Schaul et al., 2016), with cpprb's conventions.

    Transitions are drawn in proportion to `(priority + eps) ** alpha`, one in each equal part of the total.
    Weights are divided by the largest that is possible in the buffer. New transitions get the largest
    priority so far, and at least 1.

    Args:
        size: transitions to hold.
        env_dict: describes the values of a transition, see `ReplayBuffer`.
        alpha: exponent of the priorities.
        eps: added to every priority.
        check_for_update: ignored; it is always on.
        **options: the options of `ReplayBuffer`.

    Raises:
        ValueError: if a number is out of its range; `ReplayBuffer` has more errors.
    """

    def __init__(
        self,
        size: float,
        env_dict: dict[str, dict[str, Any]] | None = None,
        *,
        alpha: float = 0.6,
        eps: float = 1e-4,
        check_for_update: bool = False,
        **options: Any,
    ) -> None:
        self._alpha, self._eps = alpha, eps
        self._max_priority = 1.0
        super().__init__(size, env_dict, **options)

    def _make(self, *args: Any, **options: Any) -> _PrioritizedReplayBuffer:
        # cpprb's largest priority, which new transitions get, does not include eps: `add` adds it.
        return _PrioritizedReplayBuffer(
            *args, alpha=self._alpha, priority_eps=0.0, weight_normalization="buffer", **options
        )

    def add(self, *, priorities: Any = None, **kwargs: Any) -> int | None:
        """Add a transition, or many; see `ReplayBuffer.add`.

        Args:
            priorities: one per transition, at least 0; None for the largest so far.
            kwargs: values by name.

        Raises:
            ValueError: if priorities are not finite, or their number differs from that of transitions;
                `ReplayBuffer.add` has more errors.
        """
        if priorities is None:
            return self._add(kwargs, np.full(self._count(kwargs), self._max_priority + self._eps))
        values = np.asarray(priorities, np.float64).reshape(-1)
        if len(values) != self._count(kwargs):
            raise ValueError(f"priorities: got {len(values)}, expected {self._count(kwargs)}")
        position = self._add(kwargs, values + self._eps)
        self._max_priority = max(self._max_priority, values.max(initial=0.0))
        return position

    def sample(self, batch_size: int, beta: float = 0.4) -> Rows:
        """Draw transitions by priority.

        Returns:
            The arrays of `ReplayBuffer.sample`, `"weights"` float32 (B,) and `"indexes"` int64 (B,).

        Raises:
            ValueError: if nothing can be drawn, or `beta` is negative.
        """
        batch = self._buffer.sample(batch_size, beta=beta)
        # Numbers below `size` are the positions that `add` returns.
        return {**self._rows_of(batch), "weights": batch.weights, "indexes": batch.indices + self._size}

    def update_priorities(self, indexes: Any, priorities: Any) -> None:
        """Set the priorities of transitions; those that were overwritten meanwhile are ignored.

        Args:
            indexes: those of a batch, or positions that `add` returned, which name what is there now.
            priorities: one per index, at least 0.

        Raises:
            IndexError: if an index was never given out.
            TypeError: if `priorities` is None, or an index is not an integer.
            ValueError: if a priority is NaN, infinite or negative, or their number differs from that of
                indexes.
        """
        if priorities is None:
            raise TypeError("priorities: got None, expected a number for each index")
        values = np.asarray(priorities, np.float64).reshape(-1)
        self._buffer.update_priorities(self._names_of(np.asarray(indexes).reshape(-1)), values + self._eps)
        self._max_priority = max(self._max_priority, values.max(initial=0.0))

    def _names_of(self, indexes: Any) -> Any:
        names = indexes.astype(np.int64)
        if indexes.dtype == np.bool_ or not np.array_equal(names, indexes):
            raise TypeError(f"indexes: got {indexes.dtype}, expected integers")
        positions = names < self._size
        if positions.any():
            held = self._buffer.indices()
            age = (self._added - 1 - names[positions]) % self._size
            if names.min() < 0 or age.max() >= len(held):
                raise IndexError(f"indexes: got {names[positions]}, expected positions of {len(held)} steps")
            names[positions] = held[len(held) - 1 - age] + self._size
        return names - self._size

    def get_max_priority(self) -> float:
        """Return the largest priority so far, and at least 1."""
        return self._max_priority

    def clear(self) -> None:
        """Remove all transitions and priorities."""
        super().clear()
        self._max_priority = 1.0


def create_buffer(
    size: float,
    env_dict: dict[str, dict[str, Any]] | None = None,
    *,
    prioritized: bool = False,
    **options: Any,
) -> ReplayBuffer:
    """Return a buffer, prioritised or uniform."""
    return (PrioritizedReplayBuffer if prioritized else ReplayBuffer)(size, env_dict, **options)
