"""The uniform replay buffer: thin, typed Python over the C++ memory.

Longer than most files because this is what users read: two lines of three are docstrings and signatures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from dqn_fast import _core, trees
from dqn_fast.checks import at_least, seed_of, within
from dqn_fast.replay.autoreset import MODES
from dqn_fast.replay.buffer_schema import BufferSchema, buffer_schema
from dqn_fast.replay.describe import describe, one_line
from dqn_fast.replay.fields import as_array
from dqn_fast.replay.memory_options import MemoryOptions, PriorityOptions
from dqn_fast.replay.reader import Reader
from dqn_fast.replay.schema import SchemaDraft
from dqn_fast.replay.stats import collect
from dqn_fast.replay.step import Step, Streams, odd_one_out
from dqn_fast.replay.step_writer import StepWriter


class ReplayBuffer(Reader):
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
            its full capacity, and 1/32 for larger ones. Context steps take slots, too.
        draw_by: what is equally likely, or has a priority: a `"step"`, or a `"segment"`, whatever its
            length; `sample` and `sample_sequences` then take one of its steps uniformly. A segment's priority
            is that of its first step, until it is updated by the index of any of its steps.
        seed: of the buffer's own generator; the same seed and calls give the same batches.

    Raises:
        ValueError: if a number is out of its range, or an environment would hold no transition.
        TypeError: if a space has no single shape and dtype.
        MemoryError: if the machine does not have the memory; it says how many bytes that would be.
    """

    _plain_memory: _core.ReplayMemory | None = None  # that `add` hands steps to as they are

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
        draw_by: str = "step",
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
        if draw_by not in ("step", "segment"):
            raise ValueError(f"draw_by: got {draw_by!r}, expected 'step' or 'segment'")
        options = MemoryOptions(
            num_envs,
            per_env,
            None if reserve is None else within("reserve", reserve, 0),
            autoreset,
            seed_of(seed),
            self._priority_options(),
            draw_by,
        )
        draft = SchemaDraft.of(observation_space, action_space, extra_fields or {}, frame_stack, frame_axis)
        self._writer = StepWriter(draft, options)
        self._writer.allocate_if_known()

    def _priority_options(self) -> PriorityOptions | None:
        """Return how steps are drawn; None: uniformly."""
        return None

    @property
    def num_envs(self) -> int:
        """Environments whose steps it holds."""
        return self._writer.options.num_envs

    @property
    def n_step(self) -> int:
        """Environment steps that a transition spans unless `sample` says otherwise."""
        return self._n_step

    @property
    def schema(self) -> BufferSchema | None:
        """What a step is made of; None until every field is known: from spaces, or the first `add`."""
        return None if self._writer.schema is None else buffer_schema(self._writer.schema)

    @_core.add_method
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
        """Add one environment step; with `num_envs` > 1 one of each, on a leading axis.

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
        # Only for what the decorator leaves: the first step, what has to be converted, and what is wrong.
        step = Step(obs, action, reward, next_obs, terminated, truncated, mask, new_segment, priority, extra)
        self._writer.add(step, self._leading, final_obs=final_obs, final_mask=final_mask)
        self._plain_memory = self._writer.plain_memory

    def add_context(self, obs: Any, *, mask: Any = None, continues: bool = False) -> None:
        """Add an observation that nobody acted on: a token of a prompt, or of what the environment says.

        By itself it ends what was before it, and waits: the next one, and the next `add`, continue it,
        whatever their bytes. Before the first `add` of a buffer without spaces it fixes what an observation
        is.

        Args:
            obs: with `num_envs` > 1, one for each environment.
            mask: bool (num_envs,), the environments to store it for.
            continues: stay in the segment: the open observation becomes context, and `obs` is the open
                observation, which the next `add` continues if its `obs` equals it. An environment that has
                ended, or has none open, takes it as without `continues`: leave it out by `mask` if `obs` is
                its last observation.

        Raises:
            TypeError: if a value is of another kind.
            ValueError: if a shape differs.
        """
        self._writer.add_context(obs, mask, self._leading, continues)

    def extend_context(self, obs: Any, *, env: int | None = None, continues: bool = False) -> None:
        """Add T observations that nobody acted on, oldest first, as `add_context` does one.

        Args:
            obs: shape (T, ...) of one stream, or (T, num_envs, ...).
            env: the environment whose observations these are; None for all (or the only one).
            continues: see `add_context`.

        Raises:
            TypeError: see `add_context`.
            ValueError: see `add_context`.
            IndexError: if there is no such environment.
        """
        first = as_array("obs", next(iter(trees.leaves(obs)), ()))
        if first.ndim == 0:
            raise ValueError(f"obs: got {obs!r}, expected an array with a row for each step")
        stream, leading = self._stream_and_leading(env, first.shape[:1])
        self._writer.add_context(obs, None, leading, continues, len(first), stream)

    def _streams_and_leading(
        self, env: int | range | None, rows: tuple[int, ...]
    ) -> tuple[Streams, tuple[int, ...]]:
        """Return the streams that rows are of, as the core takes them, and the leading axes of arrays."""
        if not isinstance(env, range):
            return self._stream_and_leading(env, rows)
        if env.step != 1 or not env:
            raise ValueError(f"env: got {env}, expected a range of neighbours, with one at least")
        if not 0 <= env.start < env.stop <= self.num_envs:
            raise IndexError(f"env: got {env}, expected environments from 0 to {self.num_envs - 1}")
        return (env.start, len(env)), (*rows, len(env))

    def _stream_and_leading(
        self, env: int | None, rows: tuple[int, ...]
    ) -> tuple[int | None, tuple[int, ...]]:
        """Return the only stream that rows are of, if there is one, and the leading axes of their arrays."""
        if env is not None:
            env = at_least("env", env, -(2**63))
            if not 0 <= env < self.num_envs:
                raise IndexError(f"env: got {env}, expected 0 to {self.num_envs - 1}")
        stream = 0 if self.num_envs == 1 else env
        return stream, rows if stream is not None else (*rows, self.num_envs)

    @property
    def _leading(self) -> tuple[int, ...]:
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
        env: int | range | None = None,
        mask: Any = None,
        frames: Any = None,
        starts: Any = None,
        priority: Any = None,
        **extra: Any,
    ) -> None:
        """Add T steps of one stream, of some, or of all: arrays of shape (T, ...) or (T, environments, ...).

        Args:
            obs: as for `add`, and so are the others, with one more leading axis.
            action: see `add`.
            reward: see `add`.
            next_obs: see `add`.
            terminated: see `add`.
            truncated: see `add`; None if no step is.
            consecutive: whether a row may continue the row before it (if it also fits). False for
                transitions in no order, such as those of a shuffled dataset.
            env: the environment whose steps these are, or a `range` of neighbours; None for all (or the only
                one).
            mask: bool, like `terminated`: the steps to store.
            frames: instead of `obs` and `next_obs`, which are None then: the steps to store, environment by
                environment and by time, with each frame once. It holds the frames of the whole observation
                where a segment begins, and the newest frame of every next observation: (T + S k, ...) for T
                steps in S segments and a stack of k frames; 1 for an observation that is no stack.
            starts: bool, like `terminated`: the steps that begin such a segment; by default the first of each
                environment alone.
            priority: a number, or one for each step.
            extra: extra fields, by name.

        Raises:
            TypeError: see `add`.
            ValueError: see `add`; or if the frames are not as many as the steps and `starts` say.
            IndexError: if there is no such environment.
        """
        rows = as_array("terminated", terminated).shape[:1]
        if not rows:
            raise ValueError(f"terminated: got {terminated!r}, expected an array with a row for each step")
        streams, leading = self._streams_and_leading(env, rows)
        breaks = None if consecutive else np.ones(leading, np.bool_)
        if frames is not None:
            if obs is not None or next_obs is not None:
                raise TypeError("frames: got them beside obs or next_obs, expected one of the two")
            obs, next_obs = self._writer.observations_of(frames, starts, mask, leading)
        elif starts is not None:
            raise TypeError(f"starts: got {starts!r}, expected none without frames")
        step = Step(obs, action, reward, next_obs, terminated, truncated, mask, breaks, priority, extra)
        if rows == (0,) and self._memory is None:
            return  # nothing to store, and nothing to learn shapes from
        try:
            self._writer.add(step, leading, rows[0], streams)
        except ValueError as error:
            raise odd_one_out(step) or error from None

    def masses(self, indices: Any) -> npt.NDArray[np.float64]:
        """Raise TypeError: a uniform buffer has no priorities."""
        raise TypeError("masses: got a uniform buffer, expected a PrioritizedReplayBuffer")

    def update_priorities(self, indices: Any, priorities: Any) -> int:
        """Raise TypeError: a uniform buffer has no priorities."""
        raise TypeError("update_priorities: got a uniform buffer, expected a PrioritizedReplayBuffer")

    def clear(self) -> None:
        """Forget all transitions and priorities; indices given out before are stale."""
        self._writer.clear()

    def reseed(self, seed: int | None = None) -> None:
        """Put the generator where the constructor's `seed` does; None takes a new seed.

        Whoever has a copy of a buffer draws what the original draws: after a fork, and where workers load one
        file, each needs a seed of its own (`load(path, seed=)` does both).
        """
        self._writer.reseed(seed_of(seed))

    def _settings(self) -> dict[str, Any]:
        return {"n_step": self._n_step, "gamma": self._gamma}

    def stats(self) -> dict[str, Any]:
        """Return what the buffer holds, and what happened since it was made or cleared; see `stats.collect`.

        O(len(buffer)): for logs, not for every step.
        """
        return collect(self._writer)

    def is_full(self) -> bool:
        """Return whether every environment holds its capacity, or has begun to evict."""
        return self._memory is not None and self._memory.is_full()

    def is_valid(self) -> bool:
        """Check every internal invariant, exactly; for tests. O(slots)."""
        return self._memory is None or self._memory.is_valid()

    def __repr__(self) -> str:
        schema, options = self.schema, self._writer.options
        fields = {} if schema is None else {name: describe(leaf) for name, leaf in schema._asdict().items()}
        settings = {
            "num_envs": options.num_envs,
            "autoreset": options.autoreset,
            "draw_by": options.draw_by,
            **self._settings(),
            "alpha": None if options.priorities is None else options.priorities.alpha,
        }
        first = f"{len(self):,} of {self.capacity:,} transitions"
        return one_line(type(self).__name__, first, fields | settings)

    def __len__(self) -> int:
        return 0 if self._memory is None else len(self._memory)

    @property
    def capacity(self) -> int:
        """Most transitions that it holds: `capacity // num_envs * num_envs`."""
        return self._writer.options.capacity * self.num_envs

    @property
    def nbytes(self) -> int:
        """Bytes of memory that it may come to use; 0 before shapes are known."""
        return 0 if self._memory is None else self._memory.nbytes
