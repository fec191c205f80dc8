"""The uniform replay buffer: thin, typed Python over the C++ memory."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from dqn_fast import _core
from dqn_fast.batch import Batch, assemble
from dqn_fast.checks import at_least, within
from dqn_fast.fields import as_array
from dqn_fast.schema import PRIORITY, SchemaDraft, Step, StepSchema

LARGEST_BATCH = 2**31  # rows; far below what NumPy's sizes can count


class ReplayBuffer:
    """A replay memory with uniform sampling (Lin, 1992).

    It stores steps, each observation once, and computes transitions when it samples them: n-step
    returns, truncation and many environments need no mode. Every transition that was added comes
    back exactly. Any thread may call anything.

    Args:
        capacity: transitions to hold, the newest ones; each environment holds `capacity // num_envs`.
        observation_space: Gymnasium space of one environment; if None, the first `add` decides.
        action_space: the same for actions.
        num_envs: environments whose steps come in each `add`, as the leading axis of every array.
        n_step: environment steps that a transition spans unless `sample` says otherwise.
        gamma: discount factor of one environment step, unless `sample` says otherwise.
        extra_fields: `{name: (shape, dtype)}` of what else is stored with each step.
        reserve: slots beyond the capacity, as a share of it, for the last observations of segments;
            by default 1 for steps of up to 256 bytes, so that any input keeps its full capacity, and
            1/32 for larger ones.
        seed: of the buffer's own generator; the same seed and calls give the same batches.

    Raises:
        ValueError: if a number is out of its range, or an environment would hold no transition.
        TypeError: if a space has no single shape and dtype.
        MemoryError: if the system cannot give the memory.
    """

    # alpha, eps, weight normalisation and stratification; None samples uniformly.
    _priorities: tuple[float, float, str, bool] | None = None

    def __init__(
        self,
        capacity: int,
        observation_space: Any = None,
        action_space: Any = None,
        *,
        num_envs: int = 1,
        n_step: int = 1,
        gamma: float = 0.99,
        extra_fields: Mapping[str, tuple[Iterable[int], Any]] | None = None,
        reserve: float | None = None,
        seed: int | None = None,
    ) -> None:
        self._num_envs = at_least("num_envs", num_envs, 1, 2**48)
        self._capacity = at_least("capacity", capacity, 1, 2**48) // self._num_envs
        if self._capacity == 0:
            raise ValueError(f"capacity: got {capacity}, expected at least num_envs = {num_envs}")
        self._n_step = at_least("n_step", n_step, 1, 2**63 - 1)
        self._gamma = within("gamma", gamma, 0, 1)
        self._reserve = None if reserve is None else within("reserve", reserve, 0)
        self._seed = secrets.randbits(64) if seed is None else at_least("seed", seed, 0, 2**64 - 1)
        self._draft = SchemaDraft(observation_space, action_space, extra_fields or {})
        self._schema: StepSchema | None = None
        self._memory: _core.ReplayMemory | None = None
        self._first_add = threading.Lock()
        if observation_space is not None and action_space is not None:
            self._schema = self._draft.complete()
            self._memory = self._allocate(self._schema)

    def _allocate(self, schema: StepSchema) -> _core.ReplayMemory:
        return _core.ReplayMemory(
            schema.core_fields(), self._num_envs, self._capacity, self._reserve, self._seed, self._priorities
        )

    def add(
        self,
        obs: Any,
        action: Any,
        reward: Any,
        next_obs: Any,
        terminated: Any,
        truncated: Any = False,
        *,
        mask: Any = None,
        new_segment: Any = False,
        priority: Any = None,
        **extra: Any,
    ) -> None:
        """Adds one environment step; with `num_envs` > 1 one of each, on a leading axis.

        A step continues the one before it if that one did not end and its `next_obs` equals `obs`
        byte for byte; otherwise it begins a new segment, which no n-step return crosses.

        Args:
            obs: observation before the action.
            action: what was done.
            reward: what it gave.
            next_obs: observation after it; at an episode's end the last one, not that of a reset.
            terminated: bool, whether the environment reached a terminal state: nothing follows.
            truncated: bool, whether the episode was cut off there: its value goes on.
            mask: bool (num_envs,), the environments to store a step of.
            new_segment: bool, or bool (num_envs,): begin a new segment even if `obs` would continue.
            priority: of the new transition, at least 0; by default the largest seen so far.
            extra: extra fields, by name.

        Raises:
            TypeError: if a value is of another kind, or an extra field is missing or unknown.
            ValueError: if a shape differs, or a priority is NaN, infinite or negative.
        """
        step = (obs, action, reward, next_obs, terminated, truncated, mask, new_segment, priority, extra)
        if self._memory is None or not self._memory.add(*step):
            self._add_converted(step, () if self._num_envs == 1 else (self._num_envs,), None, None)

    def _add_converted(self, step: Step, lead: tuple[int, ...], rows: int | None, env: int | None) -> None:
        """Adds what the core does not take as it is, or says what is wrong with it."""
        if step[PRIORITY] is not None and self._priorities is None:
            raise TypeError(f"priority: got {step[PRIORITY]!r}, expected none: this buffer samples uniformly")
        with self._first_add:
            schema = self._draft.complete(step, lead) if self._schema is None else self._schema
            converted = schema.convert(step, lead)
            memory = self._allocate(schema) if self._memory is None else self._memory
            if not memory.add(*converted, rows, env):
                raise AssertionError(f"the core refuses a step converted to {schema}")
            self._schema, self._memory = schema, memory  # only now: an error has changed nothing

    def extend(
        self,
        obs: Any,
        action: Any,
        reward: Any,
        next_obs: Any,
        terminated: Any,
        truncated: Any = None,
        *,
        consecutive: bool = True,
        env: int | None = None,
        priority: Any = None,
        **extra: Any,
    ) -> None:
        """Adds T steps of one stream, or of all: arrays of shape (T, ...) or (T, num_envs, ...).

        Args:
            obs: as for `add`, and so are the others, with one more leading axis.
            action: see `add`.
            reward: see `add`.
            next_obs: see `add`.
            terminated: see `add`.
            truncated: see `add`; None if no step is.
            consecutive: whether a row may continue the row before it (if it also fits). False for
                transitions in no order, such as those of a shuffled dataset.
            env: the environment whose steps these are; None for all (or the only one).
            priority: a number, or one for each step.
            extra: extra fields, by name.

        Raises:
            TypeError: see `add`.
            ValueError: see `add`.
            IndexError: if there is no such environment.
        """
        rows = as_array("terminated", terminated).shape[:1]
        if not rows:
            raise ValueError(f"terminated: got {terminated!r}, expected an array with a row for each step")
        if env is not None and not 0 <= at_least("env", env, -(2**63)) < self._num_envs:
            raise IndexError(f"env: got {env}, expected 0 to {self._num_envs - 1}")
        stream = 0 if self._num_envs == 1 else env
        lead = rows if stream is not None else (*rows, self._num_envs)
        breaks = None if consecutive else np.ones(lead, np.bool_)
        step = (obs, action, reward, next_obs, terminated, truncated, None, breaks, priority, extra)
        if rows == (0,) and self._memory is None:
            return  # nothing to store, and nothing to learn shapes from
        if self._memory is None or not self._memory.add(*step, rows[0], stream):
            self._add_converted(step, lead, rows[0], stream)

    def sample(
        self,
        batch_size: int,
        *,
        n_step: int | None = None,
        gamma: float | None = None,
        beta: float | None = None,
        out: Batch[Any] | None = None,
    ) -> Batch[Any]:
        """Draws transitions with replacement.

        Args:
            batch_size: how many.
            n_step: environment steps that each spans; fewer where its segment ends.
            gamma: discount factor of one environment step.
            beta: exponent of the importance weights; of prioritised buffers only.
            out: a batch of `empty_batch(batch_size)` to fill; it is returned.

        Raises:
            ValueError: if nothing can be drawn, or a number is out of its range.
            TypeError: if `beta` is given to a uniform buffer.
        """
        if beta is not None:
            raise TypeError(f"beta: got {beta!r}, expected none: the weights of a uniform buffer are 1")
        return self._sample(batch_size, n_step, gamma, 0.0, out)

    def _sample(
        self, batch_size: int, n_step: int | None, gamma: float | None, beta: float, out: Batch[Any] | None
    ) -> Batch[Any]:
        batch_size = at_least("batch_size", batch_size, 1, LARGEST_BATCH)
        n_step = self._n_step if n_step is None else at_least("n_step", n_step, 1, 2**63 - 1)
        gamma = self._gamma if gamma is None else within("gamma", gamma, 0, 1)
        if self._memory is None or self._schema is None:
            raise ValueError("sample: the buffer is empty; expected a transition in it")
        if out is None:
            arrays = self._memory.sample(batch_size, n_step, gamma, beta, None)
            assert arrays is not None  # it is its own
            return assemble(arrays, self._schema.extra_names, arrays)
        fits = isinstance(out, Batch) and list(out.extra) == self._schema.extra_names
        arrays = out._arrays if fits else ()
        if self._memory.sample(batch_size, n_step, gamma, beta, arrays) is None:
            raise ValueError(f"out: got {_describe(out)}, expected a batch of empty_batch({batch_size})")
        return out

    def update_priorities(self, indices: Any, priorities: Any) -> int:
        """Raises TypeError: a uniform buffer has no priorities."""
        raise TypeError("update_priorities: this buffer samples uniformly; use PrioritizedReplayBuffer")

    def empty_batch(self, batch_size: int, torch: bool = False, pin_memory: bool = False) -> Batch[Any]:
        """A batch for `sample(out=...)`, which then allocates nothing.

        Args:
            batch_size: rows of every array.
            torch: whether its fields are torch tensors (over the same memory).
            pin_memory: whether that memory is page-locked, for copies to a GPU; needs `torch`.

        Raises:
            ValueError: before the first `add` of a buffer without spaces.
        """
        if self._memory is None or self._schema is None:
            raise ValueError("empty_batch: shapes are not known before the first add; give the spaces")
        if pin_memory and not torch:
            raise ValueError("pin_memory: got True, expected torch=True with it")
        arrays = self._memory.empty(at_least("batch_size", batch_size, 1, LARGEST_BATCH))
        if pin_memory:
            from torch import from_numpy

            arrays = tuple(from_numpy(array).pin_memory().numpy() for array in arrays)
        batch = assemble(arrays, self._schema.extra_names, arrays)
        return batch.torch() if torch else batch

    def clear(self) -> None:
        """Forgets all transitions and priorities; indices given out before are stale."""
        if self._memory is not None:
            self._memory.clear()

    def stats(self) -> dict[str, Any]:
        """Counts since the buffer was made or cleared.

        `size`, `added`, `evicted` and `evicted_early` (before the capacity was reached, because the
        reserve ran out) count transitions, `segments` those begun, `stale_updates` priorities that
        came too late. `largest_priority` is what a new step gets, of prioritised buffers only.
        """
        if self._memory is not None:
            return self._memory.stats()
        counts = ("size", "added", "evicted", "evicted_early", "segments", "stale_updates")
        return dict.fromkeys(counts, 0)

    def is_full(self) -> bool:
        """Whether every environment holds its capacity, or has begun to evict."""
        return self._memory is not None and self._memory.is_full()

    def is_valid(self) -> bool:
        """Checks every internal invariant, exactly; for tests. O(slots)."""
        return self._memory is None or self._memory.is_valid()

    def __len__(self) -> int:
        return 0 if self._memory is None else len(self._memory)

    @property
    def capacity(self) -> int:
        """Most transitions that it holds: `capacity // num_envs * num_envs`."""
        return self._capacity * self._num_envs

    @property
    def nbytes(self) -> int:
        """Bytes of memory that it may come to use; 0 before shapes are known."""
        return 0 if self._memory is None else self._memory.nbytes


def _describe(out: Any) -> str:
    return f"one of {len(out.indices)} rows, or of other arrays" if isinstance(out, Batch) else repr(out)
