"""The prioritised replay buffer."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dqn_fast.checks import within
from dqn_fast.replay.buffer import ReplayBuffer
from dqn_fast.replay.fields import as_array
from dqn_fast.replay.memory_options import LARGEST_EXPONENT, PriorityOptions
from dqn_fast.replay.schema import PRIORITIES, convert_indices


class PrioritizedReplayBuffer(ReplayBuffer):
    """A replay memory with proportional prioritised sampling (Schaul et al., 2016).

    A transition is drawn with a probability P proportional to `(priority + priority_eps) ** alpha`,
    and weighs `(len(buffer) * P) ** -beta`. A new one gets the largest priority seen so far.

    Args:
        capacity: and what follows up to `seed`, see `ReplayBuffer`.
        observation_space: see `ReplayBuffer`.
        action_space: see `ReplayBuffer`.
        alpha: exponent of the priorities, at least 0; at 0 all positive ones count the same.
        beta: exponent of the weights, at least 0, unless `sample` says otherwise.
        priority_eps: added to every priority, so that none starves.
        weight_normalization: divide a batch's weights by the largest in the `"batch"`, by the largest
            possible in the `"buffer"`, or by `"none"`.
        stratified: one draw in each equal part of the total priority, as in the paper, rather than
            independent draws.
        **options: the keyword arguments of `ReplayBuffer`.

    Raises:
        TypeError: see `ReplayBuffer`.
        ValueError: see `ReplayBuffer`.
    """

    def __init__(
        self,
        capacity: int,
        observation_space: Any = None,
        action_space: Any = None,
        *,
        alpha: float = 0.6,
        beta: float = 0.4,
        priority_eps: float = 1e-6,
        weight_normalization: str = "batch",
        stratified: bool = True,
        **options: Any,
    ) -> None:
        self._beta = within("beta", beta, 0, LARGEST_EXPONENT)
        self._drawing = PriorityOptions.checked(alpha, priority_eps, weight_normalization, stratified)
        super().__init__(capacity, observation_space, action_space, **options)

    def _priority_options(self) -> PriorityOptions:
        return self._drawing

    def _beta_or_default(self, beta: float | None) -> float:
        return self._beta if beta is None else within("beta", beta, 0, LARGEST_EXPONENT)

    def _check_distinct(self) -> None:
        raise TypeError("replacement: got False, expected True: draws by priority are with replacement")

    def masses(self, indices: Any) -> npt.NDArray[np.float64]:
        """Return the masses of transitions, `(priority + priority_eps) ** alpha`, in proportion to the draws.

        With `draw_by="segment"`, those of their segments.

        Args:
            indices: int64 (B,), such as `batch.indices`.

        Returns:
            float64 (B,).

        Raises:
            IndexError: if a transition is not held, or not any more.
            TypeError: if the indices are not integers.
        """
        wanted = convert_indices(indices)
        if self._memory is None:
            if len(wanted):
                raise IndexError(f"indices: got {wanted[0]}, expected none: the buffer is empty")
            return np.empty(0)
        return self._memory.masses(wanted)

    def _settings(self) -> dict[str, Any]:
        return {**super()._settings(), "beta": self._beta}

    def update_priorities(self, indices: Any, priorities: Any) -> int:
        """Give transitions new priorities, usually the absolute TD errors of a batch.

        Indices stay good however many batches are outstanding: those of transitions that were
        evicted meanwhile are ignored. The last of repeated indices wins. With `draw_by="segment"`, an index
        of any held step names its segment.

        Args:
            indices: int64 (B,), from `batch.indices`.
            priorities: (B,), finite and at least 0.

        Returns:
            How many indices were ignored; each duplicate counts.

        Raises:
            IndexError: if an index was never given out.
            TypeError: if an array is of another kind.
            ValueError: if a shape differs, or a priority is NaN, infinite, negative or too large.
        """
        memory = self._memory
        stale = None if memory is None else memory.update_priorities(indices, priorities)
        if stale is None and memory is not None:  # tensors, perhaps
            indices, priorities = as_array("indices", indices), as_array("priorities", priorities)
            stale = memory.update_priorities(indices, priorities)
        if stale is None:
            indices = convert_indices(indices)
            leading = indices.shape
            priorities = PRIORITIES.convert(priorities, leading)
            if memory is None:
                if leading == (0,):
                    return 0
                raise IndexError(f"indices: got {indices[0]}, expected none: the buffer is empty")
            stale = memory.update_priorities(indices, priorities)
            assert stale is not None  # converted
        return stale
