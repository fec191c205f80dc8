"""The uniform replay buffer: thin, typed Python over the C++ memory.

Longer than most files because this is what users read: two lines of three are docstrings and signatures.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from dqn_fast import _core
from dqn_fast.checks import at_least, within
from dqn_fast.replay.autoreset import MODES
from dqn_fast.replay.batch import Batch
from dqn_fast.replay.buffer_schema import BufferSchema, buffer_schema
from dqn_fast.replay.fields import as_array
from dqn_fast.replay.intake import Intake, MemoryOptions, PriorityOptions
from dqn_fast.replay.saving import Saveable
from dqn_fast.replay.schema import SchemaDraft, convert_indices
from dqn_fast.replay.stats import collect
from dqn_fast.replay.step import Step, odd_one_out

LARGEST_BATCH = 2**31  # rows; far below what NumPy's sizes can count


class ReplayBuffer(Saveable):
    """A replay memory with uniform sampling (Lin, 1992).

    It stores steps, each observation once, and computes transitions when it samples them: n-step
    returns, truncation and many environments need no mode. Every transition that was added comes
    back exactly. Any thread may call anything.

    Args:
        capacity: transitions to hold, the newest ones; each environment holds `capacity // num_envs`.
        observation_space: Gymnasium space of one environment; if None, the first `add` decides.
        action_space: the same for actions.
        num_envs: environments whose steps come in each `add`, as the leading axis of every array.
        frame_stack: frames that an observation consists of, or a dict of them by key. Each frame is
            stored once; every observation comes back exactly as it was given, whatever its frames.
        frame_axis: axis of the observation along which they lie, or a dict of axes by key.
        n_step: environment steps that a transition spans unless `sample` says otherwise.
        gamma: discount factor of one environment step, unless `sample` says otherwise.
        extra_fields: `{name: (shape, dtype)}` of what else is stored with each step.
        autoreset: how vector environments reset themselves (Gymnasium's `AutoresetMode`). With
            `"next_step"`, the row after an episode's end, from its last observation to the reset's, is
            no transition and dropped. With `"same_step"`, `add` takes the last observations as
            `final_obs`. None: every row is stored.
        reserve: slots beyond the capacity, as a share of it, for the last observations of segments;
            by default 1 for steps of up to 256 bytes (with one frame of a stack), so that any input keeps
            its full capacity, and 1/32 for larger ones.
        seed: of the buffer's own generator; the same seed and calls give the same batches.

    Raises:
        ValueError: if a number is out of its range, or an environment would hold no transition.
        TypeError: if a space has no single shape and dtype.
        MemoryError: if the machine does not have the memory; it says how many bytes that would be.
    """

    def __init__(
        self,
        capacity: int,
        observation_space: Any = None,
        action_space: Any = None,
        *,
        num_envs: int = 1,
        frame_stack: int | Mapping[str, Any] = 1,
        frame_axis: int | Mapping[str, Any] = 0,
        n_step: int = 1,
        gamma: float = 0.99,
        extra_fields: Mapping[str, tuple[Iterable[int], Any]] | None = None,
        autoreset: str | None = None,
        reserve: float | None = None,
        seed: int | None = None,
    ) -> None:
        num_envs = at_least("num_envs", num_envs, 1, 2**48)
        per_env = at_least("capacity", capacity, 1, 2**48) // num_envs
        if per_env == 0:
            raise ValueError(f"capacity: got {capacity}, expected at least num_envs = {num_envs}")
        self._n_step = at_least("n_step", n_step, 1, 2**63 - 1)
        self._gamma = within("gamma", gamma, 0, 1)
        if autoreset not in MODES:
            raise ValueError(f"autoreset: got {autoreset!r}, expected None, 'next_step' or 'same_step'")
        options = MemoryOptions(
            num_envs,
            per_env,
            None if reserve is None else within("reserve", reserve, 0),
            autoreset,
            _seed(seed),
            self._priority_options(),
        )
        draft = SchemaDraft.of(observation_space, action_space, extra_fields or {}, frame_stack, frame_axis)
        self._intake = Intake(draft, options)
        self._intake.allocate_if_known()

    def _priority_options(self) -> PriorityOptions | None:
        """How steps are drawn; None: uniformly."""
        return None

    @property
    def _memory(self) -> _core.ReplayMemory | None:
        memory: _core.ReplayMemory | None = self._intake.memory
        return memory

    @property
    def num_envs(self) -> int:
        """Environments whose steps it holds."""
        return self._intake.options.num_envs

    @property
    def schema(self) -> BufferSchema | None:
        """What a step is made of; None until every field is known: from spaces, or the first `add`."""
        return None if self._intake.schema is None else buffer_schema(self._intake.schema)

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
        final_obs: Any = None,
        final_mask: Any = None,
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
            final_obs: with `autoreset="same_step"`, the last observations of the episodes that ended, of
                which `next_obs` holds the reset's: `infos["final_obs"]`, or an array like `next_obs`.
            final_mask: bool (num_envs,), where `final_obs` is set: `infos["_final_obs"]`.
            new_segment: bool, or bool (num_envs,): begin a new segment even if `obs` would continue.
            priority: of the new transition, at least 0; by default the largest seen so far.
            extra: extra fields, by name.

        Raises:
            TypeError: if a value is of another kind, or an extra field is missing or unknown.
            ValueError: if a shape differs, a priority is NaN, infinite or negative, or an environment
                ended without the `final_obs` that its mode requires.
        """
        step = (obs, action, reward, next_obs, terminated, truncated, mask, new_segment, priority, extra)
        plain = self._intake.is_plain and final_obs is None and final_mask is None
        if not (plain and self._intake.memory.add(*step)):
            self._intake.add(Step(*step), self._lead, final_obs=final_obs, final_mask=final_mask)

    def add_context(self, obs: Any, *, mask: Any = None) -> None:
        """Adds an observation that nobody acted on: a token of a prompt, or a stack's first frame.

        It ends what was before it; the next one, and the next `add`, continue it.

        Args:
            obs: with `num_envs` > 1, one for each environment.
            mask: bool (num_envs,), the environments to store it for.

        Raises:
            TypeError: if a value is of another kind.
            ValueError: if a shape differs, or before the first `add` of a buffer without spaces.
        """
        self._intake.add_context(obs, mask, self._lead)

    @property
    def _lead(self) -> tuple[int, ...]:
        return () if self.num_envs == 1 else (self.num_envs,)

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
        if env is not None and not 0 <= at_least("env", env, -(2**63)) < self.num_envs:
            raise IndexError(f"env: got {env}, expected 0 to {self.num_envs - 1}")
        stream = 0 if self.num_envs == 1 else env
        lead = rows if stream is not None else (*rows, self.num_envs)
        breaks = None if consecutive else np.ones(lead, np.bool_)
        step = Step(obs, action, reward, next_obs, terminated, truncated, None, breaks, priority, extra)
        if rows == (0,) and self._memory is None:
            return  # nothing to store, and nothing to learn shapes from
        try:
            self._intake.add(step, lead, rows[0], stream)
        except ValueError as error:
            raise odd_one_out(step) or error from None

    def sample(
        self,
        batch_size: int,
        *,
        n_step: int | None = None,
        gamma: float | None = None,
        beta: float | None = None,
        replacement: bool = True,
        out: Batch[Any] | None = None,
    ) -> Batch[Any]:
        """Draws transitions.

        Args:
            batch_size: how many.
            n_step: environment steps that each spans; fewer where its segment ends.
            gamma: discount factor of one environment step.
            beta: exponent of the importance weights; of prioritised buffers only.
            replacement: whether one may be drawn twice; False draws different ones in random order, every
                such choice equally likely, and only from uniform buffers.
            out: a batch of `empty_batch(batch_size)` to fill; it is returned.

        Raises:
            ValueError: if nothing can be drawn, more are asked for without replacement than are held, or a
                number is out of its range.
            TypeError: if `beta` is given to a uniform buffer.
        """
        if beta is not None:
            raise TypeError(f"beta: got {beta!r}, expected none: the weights of a uniform buffer are 1")
        return self._sample(batch_size, n_step, gamma, 0.0, bool(replacement), out)

    def _sample(
        self,
        batch_size: int,
        n_step: int | None,
        gamma: float | None,
        beta: float,
        replacement: bool,
        out: Batch[Any] | None,
    ) -> Batch[Any]:
        batch_size = at_least("batch_size", batch_size, 1, LARGEST_BATCH)
        n_step = self._n_step if n_step is None else at_least("n_step", n_step, 1, 2**63 - 1)
        gamma = self._gamma if gamma is None else within("gamma", gamma, 0, 1)
        memory, layout = self._intake.memory, self._intake.layout
        if memory is None or layout is None:
            if not replacement:
                raise ValueError(f"batch_size: got {batch_size}, expected at most 0, the transitions held")
            raise ValueError("sample: the buffer is empty; expected a transition in it")
        if out is None:
            arrays = memory.sample(batch_size, n_step, gamma, beta, replacement, None)
            assert arrays is not None  # it is its own
            return layout.assemble(arrays, arrays)
        arrays = out._arrays if isinstance(out, Batch) and out._layout.is_like(layout) else ()
        if memory.sample(batch_size, n_step, gamma, beta, replacement, arrays) is None:
            raise ValueError(f"out: got {_describe(out)}, expected a batch of empty_batch({batch_size})")
        return out

    def indices(self) -> npt.NDArray[np.int64]:
        """The indices of all transitions that are held, by environment and then by time. O(len(buffer))."""
        return np.empty(0, np.int64) if self._memory is None else self._memory.indices()

    def transitions(
        self, indices: Any = None, *, n_step: int | None = None, gamma: float | None = None
    ) -> Batch[Any]:
        """The transitions of these indices; by default all that are held, as `indices` names them.

        Args:
            indices: int64 (B,), such as `batch.indices`; None: all.
            n_step: as for `sample`.
            gamma: as for `sample`.

        Raises:
            IndexError: if a transition is not held, or not any more.
            TypeError: if the indices are no integers.
            ValueError: before the first `add` of a buffer without spaces, or a number is out of range.
        """
        n_step = self._n_step if n_step is None else at_least("n_step", n_step, 1, 2**63 - 1)
        gamma = self._gamma if gamma is None else within("gamma", gamma, 0, 1)
        memory, layout = self._intake.memory, self._intake.layout
        if memory is None or layout is None:
            raise ValueError("transitions: shapes are not known before the first add; give the spaces")
        arrays = memory.transitions(None if indices is None else convert_indices(indices), n_step, gamma)
        return layout.assemble(arrays, arrays)

    def masses(self, indices: Any) -> npt.NDArray[np.float64]:
        """Raises TypeError: a uniform buffer has no priorities."""
        raise TypeError("masses: this buffer samples uniformly; use PrioritizedReplayBuffer")

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
        memory, layout = self._intake.memory, self._intake.layout
        if memory is None or layout is None:
            raise ValueError("empty_batch: shapes are not known before the first add; give the spaces")
        if pin_memory and not torch:
            raise ValueError("pin_memory: got True, expected torch=True with it")
        arrays = memory.empty(at_least("batch_size", batch_size, 1, LARGEST_BATCH))
        if pin_memory:
            from torch import from_numpy

            arrays = tuple(from_numpy(array).pin_memory().numpy() for array in arrays)
        batch = layout.assemble(arrays, arrays)
        return batch.torch() if torch else batch

    def clear(self) -> None:
        """Forgets all transitions and priorities; indices given out before are stale."""
        if self._memory is not None:
            self._memory.clear()

    def reseed(self, seed: int | None = None) -> None:
        """Puts the generator where the constructor's `seed` does; None takes a new seed.

        Whoever has a copy of a buffer draws what the original draws: after a fork, and where workers load one
        file, each needs a seed of its own (`load(path, seed=)` does both).
        """
        self._intake.reseed(_seed(seed))

    def _settings(self) -> dict[str, Any]:
        return {"n_step": self._n_step, "gamma": self._gamma}

    def stats(self) -> dict[str, Any]:
        """What the buffer holds and what happened to it since it was made or cleared; see `stats.collect`.

        O(len(buffer)): for logs, not for every step.
        """
        return collect(self._intake)

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
        return self._intake.options.capacity * self.num_envs

    @property
    def nbytes(self) -> int:
        """Bytes of memory that it may come to use; 0 before shapes are known."""
        return 0 if self._memory is None else self._memory.nbytes


def _seed(seed: int | None) -> int:
    return int.from_bytes(os.urandom(8), "little") if seed is None else at_least("seed", seed, 0, 2**64 - 1)


def _describe(out: Any) -> str:
    return f"one of {len(out.indices)} rows, or of other arrays" if isinstance(out, Batch) else repr(out)
