"""The priorities alone: ids of what is stored elsewhere, drawn and weighed by priority."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from dqn_fast import _core
from dqn_fast.checks import at_least, seed_of, within
from dqn_fast.replay.describe import one_line
from dqn_fast.replay.fields import as_array
from dqn_fast.replay.files import Memory, SaveMixin
from dqn_fast.replay.memory_options import LARGEST_EXPONENT, PriorityOptions
from dqn_fast.replay.schema import PRIORITIES, convert_indices

LARGEST_DRAW = 2**31  # ids; far below what NumPy's sizes can count


class PriorityIndex(SaveMixin):
    """Proportional prioritised sampling (Schaul et al., 2016) for those who store their data themselves.

    It holds up to `capacity` ids, and nothing else. An id names what was added once and for ever: its leaf is
    `id % capacity`, where a storage may put the data, and `id // capacity` counts what its leaf held before.
    The first ids are 0, 1, 2, ... One that has left is stale: `update` and `remove` ignore it, however many
    batches are outstanding. Any thread may call anything.

    Args:
        capacity: most ids that it holds.
        alpha: exponent of the priorities, at least 0; at 0 all positive ones count the same.
        beta: exponent of the weights, at least 0, unless `sample` says otherwise.
        priority_eps: added to every priority, so that none starves.
        weight_normalization: divide the weights of a draw by the largest in the `"batch"`, by the largest
            possible in the `"buffer"` (of all ids held), or by `"none"`.
        stratified: one draw in each equal part of the total priority, as in the paper, rather than
            independent draws.
        seed: of its own generator; the same seed and calls give the same draws.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if a number is out of its range.
        MemoryError: if the machine does not have the memory; it says how many bytes that would be.
    """

    def __init__(
        self,
        capacity: int,
        *,
        alpha: float = 0.6,
        beta: float = 0.4,
        priority_eps: float = 1e-6,
        weight_normalization: str = "batch",
        stratified: bool = True,
        seed: int | None = None,
    ) -> None:
        capacity = at_least("capacity", capacity, 1, 2**48)
        self._beta = within("beta", beta, 0, LARGEST_EXPONENT)
        self._options = PriorityOptions.checked(alpha, priority_eps, weight_normalization, stratified)
        self._core = _core.PriorityIndex(capacity, seed_of(seed), self._options)

    def add(self, n: int | None = None, priority: Any = None, at: Any = None) -> npt.NDArray[np.int64]:
        """Add new ids, each in a leaf; what the leaf held leaves.

        Args:
            n: how many, in the next leaves in turn; 1 unless `at` says how many.
            priority: of the new ids, at least 0: a number, or one for each; by default the largest so far.
            at: int64 (n,), the leaves to put them in, for storages whose writer chooses; the turn of the
                next leaves stays where it is.

        Returns:
            The ids, int64 (n,).

        Raises:
            IndexError: if there is no such leaf.
            TypeError: if an argument is of another kind.
            ValueError: if they are more than `capacity`, `n` is not the length of `at`, a leaf comes twice, a
                shape differs, or a priority is NaN, infinite, negative or too large.
        """
        if at is None:
            n = 1 if n is None else at_least("n", n, 0, self.capacity)
        ids = self._core.add(n, priority, at) if n is None or at is None else None
        if ids is None:  # tensors that are elsewhere, lists, numbers of other kinds
            leaves = None if at is None else convert_indices(at, "at")
            if leaves is not None:
                count = len(leaves)
                if n is not None and at_least("n", n, 0) != count:
                    raise ValueError(f"n: got {n}, expected {count}, the length of at, or none")
                n = count
            assert n is not None  # by now
            ids = self._core.add(n, _for_each(priority, n), leaves)
            assert ids is not None  # converted
        return ids

    def sample(
        self, n: int, *, beta: float | None = None
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Draw ids by priority, with replacement.

        An id is drawn with a probability P proportional to `(priority + priority_eps) ** alpha`, and weighs
        `(len(index) * P) ** -beta`, divided as `weight_normalization` says.

        Args:
            n: how many.
            beta: exponent of the weights.

        Returns:
            Ids, int64 (n,), and weights, float32 (n,).

        Raises:
            TypeError: if a number is none.
            ValueError: if nothing can be drawn, every priority is zero, or a number is out of its range.
        """
        beta = self._beta if beta is None else within("beta", beta, 0, LARGEST_EXPONENT)
        return self._core.sample(at_least("n", n, 1, LARGEST_DRAW), beta)

    def update(self, ids: Any, priorities: Any) -> int:
        """Give ids new priorities, usually absolute TD errors; the last of repeated ids wins.

        Args:
            ids: int64 (n,), from `add` or `sample`.
            priorities: (n,), finite and at least 0.

        Returns:
            How many ids were stale and ignored; each duplicate counts.

        Raises:
            IndexError: if an id was never given out.
            TypeError: if an array is of another kind.
            ValueError: if a shape differs, or a priority is NaN, infinite, negative or too large.
        """
        stale = self._core.update(ids, priorities)
        if stale is None:
            ids = convert_indices(ids, "ids")
            stale = self._core.update(ids, PRIORITIES.convert(priorities, ids.shape))
            assert stale is not None  # converted
        return stale

    def remove(self, ids: Any) -> int:
        """Let ids go: they are not drawn any more, and their leaves hold none until `add` comes to them.

        Args:
            ids: int64 (n,), from `add` or `sample`.

        Returns:
            How many ids were stale and ignored; a repeat is.

        Raises:
            IndexError: if an id was never given out.
            TypeError: if they are not integers.
            ValueError: if they have more than one axis.
        """
        stale = self._core.remove(ids)
        if stale is None:
            stale = self._core.remove(convert_indices(ids, "ids"))
            assert stale is not None  # converted
        return stale

    def clear(self) -> None:
        """Let all ids go, and forget the largest priority; the next ids are as they would have been."""
        self._core.clear()

    def reseed(self, seed: int | None = None) -> None:
        """Put the generator where the constructor's `seed` does; None takes a new seed."""
        self._core.reseed(seed_of(seed))

    def is_valid(self) -> bool:
        """Check every internal invariant, exactly; for tests. O(capacity)."""
        return self._core.is_valid()

    def __repr__(self) -> str:
        settings = {"alpha": self._options.alpha, "beta": self._beta}
        return one_line(type(self).__name__, f"{len(self):,} of {self.capacity:,} ids", settings)

    def __len__(self) -> int:
        return len(self._core)

    @property
    def capacity(self) -> int:
        """Most ids that it holds."""
        return self._core.capacity

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the index to exactly this path: ids, priorities, generator.

        The file is replaced as a whole, checked when it is loaded, and holds no pickle; see
        `ReplayBuffer.save`. `PriorityIndex.load(path, seed=None)` reads it.

        Raises:
            OSError: if it cannot be written; an older file is as it was.
        """
        super().save(path)

    def _saved(self) -> tuple[dict[str, Any], Memory]:
        return {"capacity": self.capacity, "beta": self._beta, "options": list(self._options)}, self._core

    @classmethod
    def _restored(cls, header: dict[str, Any], snapshot: _core.Snapshot) -> PriorityIndex:
        index = cls.__new__(cls)
        index._beta, index._options = header["beta"], PriorityOptions(*header["options"])
        index._core = _core.PriorityIndex(header["capacity"], 0, index._options)
        snapshot.restore(index._core)
        return index


def _for_each(priority: Any, count: int) -> npt.NDArray[np.float64] | None:
    """One priority for each new id, from one for all or from as many."""
    if priority is None:
        return None
    if as_array("priority", priority).ndim == 0:
        return np.full(count, PRIORITIES.convert(priority, (), "priority"))
    return PRIORITIES.convert(priority, (count,), "priority")
