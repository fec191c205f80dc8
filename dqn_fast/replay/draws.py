"""What is drawn from a buffer: transitions, sequences and segments, all views of the same steps.

Longer than most files because each view is typed by what it fills: half of it are overloads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from dqn_fast.checks import at_least, within
from dqn_fast.replay.batch import ArrayBatch, ArrayT, Batch, BatchLayout, ObsT
from dqn_fast.replay.frames import FrameBatch
from dqn_fast.replay.layouts import Layouts
from dqn_fast.replay.saving import BufferSaveMixin
from dqn_fast.replay.segments import SegmentBatch
from dqn_fast.replay.sequences import SequenceBatch

if TYPE_CHECKING:
    from dqn_fast import _core
    from dqn_fast.replay.batch import Array, ArrayObsT

TransitionsT = TypeVar("TransitionsT", bound=Batch[Any, Any] | FrameBatch[Any, Any])

LARGEST_BATCH = 2**31  # rows; far below what NumPy's sizes can count
LARGEST_STEP = 2**63 - 1  # of n_step


class Draws(BufferSaveMixin, is_saved=False):
    """Draw from a buffer."""

    _n_step: int
    _gamma: float

    def _beta_or_default(self, beta: float | None) -> float:
        """Return the exponent of the weights.

        Raises:
            TypeError: if one is given where nothing is weighed.
        """
        if beta is not None:
            raise TypeError(f"beta: got {beta!r}, expected none: the weights of a uniform buffer are 1")
        return 0.0

    def _check_distinct(self) -> None:
        """Raise TypeError if this buffer does not draw without replacement."""
        if self._writer.options.draw_by == "segment":
            raise TypeError("replacement: got False, expected True: draws by segment are with replacement")

    @overload
    def sample(
        self,
        batch_size: int,
        *,
        n_step: int | None = ...,
        gamma: float | None = ...,
        beta: float | None = ...,
        replacement: bool = ...,
        frames: Literal[False] = ...,
        out: None = ...,
    ) -> Batch[Array, ArrayObsT]: ...
    @overload
    def sample(
        self,
        batch_size: int,
        *,
        n_step: int | None = ...,
        gamma: float | None = ...,
        beta: float | None = ...,
        replacement: bool = ...,
        frames: Literal[True],
        out: None = ...,
    ) -> FrameBatch[Array, ArrayObsT]: ...
    @overload
    def sample(
        self,
        batch_size: int,
        *,
        n_step: int | None = ...,
        gamma: float | None = ...,
        beta: float | None = ...,
        replacement: bool = ...,
        frames: bool = ...,
        out: TransitionsT,
    ) -> TransitionsT: ...
    def sample(
        self,
        batch_size: int,
        *,
        n_step: int | None = None,
        gamma: float | None = None,
        beta: float | None = None,
        replacement: bool = True,
        frames: bool = False,
        out: Any = None,
    ) -> Any:
        """Draw transitions.

        Args:
            batch_size: how many.
            n_step: environment steps that each spans; fewer where its segment ends.
            gamma: discount factor of one environment step.
            beta: exponent of the importance weights; of prioritised buffers only.
            replacement: whether one may be drawn twice; False draws different ones in random order, every
                such choice equally likely, and only from uniform buffers that draw by step.
            frames: whether stacks come as frames, each once (`FrameBatch`): fewer bytes for another device,
                which makes the stacks.
            out: a batch of `empty_batch(batch_size)`, with the same `frames`, to fill; it is returned.

        Raises:
            ValueError: if nothing can be drawn, every priority is zero, more are asked for without
                replacement than are held, or a number is out of its range.
            TypeError: if `beta` is given to a uniform buffer, or the buffer only draws with replacement.
        """
        beta = self._beta_or_default(beta)
        replacement = bool(replacement)
        if not replacement:
            self._check_distinct()
        batch_size = at_least("batch_size", batch_size, 1, LARGEST_BATCH)
        n_step = self._n_step if n_step is None else at_least("n_step", n_step, 1, LARGEST_STEP)
        gamma = self._gamma if gamma is None else within("gamma", gamma, 0, 1)
        memory, layouts = self._writer.memory, self._writer.layouts
        if memory is None or layouts is None:
            if not replacement:
                raise ValueError(f"batch_size: got {batch_size}, expected at most 0, the transitions held")
            raise _empty("sample")
        layout: BatchLayout = layouts.frames if frames else layouts.transitions
        draw = memory.sample_frames if frames else memory.sample
        if out is None:
            arrays = draw(batch_size, n_step, gamma, beta, replacement, None)
            assert arrays is not None  # it is its own
            return layout.assemble(arrays, arrays)
        arrays = _arrays_of(out, layout)
        if draw(batch_size, n_step, gamma, beta, replacement, arrays) is None:
            expected = f"empty_batch({batch_size}{', frames=True' if frames else ''})"
            raise ValueError(f"out: got {_describe(out)}, expected a batch of {expected}")
        if frames:
            out.note_filled()
        return out

    @overload
    def sample_sequences(
        self,
        batch_size: int,
        length: int,
        *,
        burn_in: int = ...,
        n_step: int | None = ...,
        gamma: float | None = ...,
        beta: float | None = ...,
        previous: bool = ...,
        out: None = ...,
    ) -> SequenceBatch[Array, ArrayObsT]: ...
    @overload
    def sample_sequences(
        self,
        batch_size: int,
        length: int,
        *,
        burn_in: int = ...,
        n_step: int | None = ...,
        gamma: float | None = ...,
        beta: float | None = ...,
        previous: bool = ...,
        out: SequenceBatch[ArrayT, ObsT],
    ) -> SequenceBatch[ArrayT, ObsT]: ...
    def sample_sequences(
        self,
        batch_size: int,
        length: int,
        *,
        burn_in: int = 0,
        n_step: int | None = None,
        gamma: float | None = None,
        beta: float | None = None,
        previous: bool = False,
        out: Any = None,
    ) -> Any:
        """Draw steps, and return each with the steps around it, for recurrent networks (R2D2).

        A row begins `burn_in` steps before the drawn one, or where its segment does, and ends `length` steps
        on, or where the segment does. No row crosses a segment's end; a shorter burn-in is not made up for.
        A step p steps into its segment is learnt from in at most min(p + 1, length) of the rows that there
        are, so early steps are learnt from less often.

        Args:
            batch_size: how many rows.
            length: steps of a row to learn from, acted and context ones.
            burn_in: steps before them, from which a recurrent state is computed.
            n_step: environment steps that each transition spans; fewer where its segment ends.
            gamma: discount factor of one environment step.
            beta: exponent of the importance weights; of prioritised buffers only.
            previous: whether to return what was done and earned before each step.
            out: a batch of `empty_sequences` with the same arguments to fill; it is returned.

        Raises:
            ValueError: if nothing can be drawn, every priority is zero, or a number is out of its range.
            TypeError: if `beta` is given to a uniform buffer.
        """
        beta = self._beta_or_default(beta)
        sizes = self._sequence_sizes(batch_size, length, burn_in, n_step)
        gamma = self._gamma if gamma is None else within("gamma", gamma, 0, 1)
        previous = bool(previous)
        memory, layouts = self._writer.memory, self._writer.layouts
        if memory is None or layouts is None:
            raise _empty("sample_sequences")
        layout = layouts.sequences(previous)
        if out is None:
            arrays = memory.sample_sequences(*sizes, gamma, beta, previous, None)
            assert arrays is not None  # it is its own
            return layout.assemble(arrays, arrays)
        arrays = _arrays_of(out, layout)
        if memory.sample_sequences(*sizes, gamma, beta, previous, arrays) is None:
            expected = "empty_sequences({}, {}, burn_in={}, n_step={}".format(*sizes)
            raise ValueError(
                f"out: got {_describe(out)}, expected a batch of {expected}, previous={previous})"
            )
        return out

    def sample_segments(
        self,
        batch_size: int | None = None,
        *,
        max_rows: int | None = None,
        n_step: int | None = None,
        gamma: float | None = None,
        beta: float | None = None,
    ) -> SegmentBatch[Array, ArrayObsT]:
        """Draw whole segments, packed one behind another: episodes, dialogues, texts.

        With `draw_by="step"` a segment is as likely as the sum of its steps, with `"segment"` each counts
        the same, or by a priority of its own.

        Args:
            batch_size: how many segments; the most of them, if `max_rows` is given.
            max_rows: draw segments until the next would exceed so many rows; that one is dropped, so long
                segments come less often than they would by `batch_size` alone. A longer first one is
                returned alone. Every draw is independent then, even if `stratified`.
            n_step: environment steps that each transition spans; a number beyond any length gives the returns
                to the segment's end (Monte Carlo), in time that grows with the square of its length.
            gamma: discount factor of one environment step.
            beta: exponent of the importance weights; of prioritised buffers only.

        Raises:
            ValueError: if nothing can be drawn, every priority is zero, neither a number of segments nor of
                rows is given, a number is out of its range, or there are 2**31 rows or more.
            TypeError: if `beta` is given to a uniform buffer.
        """
        beta = self._beta_or_default(beta)
        if batch_size is None and max_rows is None:
            raise ValueError("batch_size: got None, expected a number of segments, or max_rows")
        batch_size = None if batch_size is None else at_least("batch_size", batch_size, 1, LARGEST_BATCH)
        max_rows = None if max_rows is None else at_least("max_rows", max_rows, 1, LARGEST_BATCH - 1)
        n_step = self._n_step if n_step is None else at_least("n_step", n_step, 1, LARGEST_STEP)
        gamma = self._gamma if gamma is None else within("gamma", gamma, 0, 1)
        memory, layouts = self._writer.memory, self._writer.layouts
        if memory is None or layouts is None:
            raise _empty("sample_segments")
        arrays = memory.sample_segments(batch_size, max_rows, n_step, gamma, beta)
        batch: SegmentBatch[Array, ArrayObsT] = layouts.segments.assemble(arrays, arrays)
        return batch

    def _sequence_sizes(
        self, batch_size: int, length: int, burn_in: int, n_step: int | None
    ) -> tuple[int, int, int, int]:
        batch_size = at_least("batch_size", batch_size, 1, LARGEST_BATCH)
        length = at_least("length", length, 1, LARGEST_BATCH)
        burn_in = at_least("burn_in", burn_in, 0, LARGEST_BATCH)
        n_step = self._n_step if n_step is None else at_least("n_step", n_step, 1, LARGEST_STEP)
        if batch_size * (burn_in + length + n_step) >= LARGEST_BATCH:
            raise ValueError(
                f"n_step: got {batch_size} rows of {burn_in} + {length} + {n_step} observations (burn_in, "
                f"length, n_step), expected fewer than {LARGEST_BATCH} together; returns to a segment's end "
                "are for sample_segments"
            )
        return batch_size, length, burn_in, n_step

    def _known(self, what: str) -> tuple[_core.ReplayMemory, Layouts]:
        """Return the memory and the layouts of its batches.

        Raises:
            ValueError: before shapes are known.
        """
        memory, layouts = self._writer.memory, self._writer.layouts
        if memory is None or layouts is None:
            raise ValueError(f"{what}: got no shapes yet, expected an add before it, or the spaces")
        return memory, layouts

    @property
    def _memory(self) -> _core.ReplayMemory | None:
        memory: _core.ReplayMemory | None = self._writer.memory
        return memory


def _empty(what: str) -> ValueError:
    return ValueError(f"{what}: got an empty buffer, expected a transition in it")


def _arrays_of(out: Any, layout: BatchLayout) -> tuple[Array, ...]:
    return out._arrays if isinstance(out, ArrayBatch) and out._layout.is_like(layout) else ()


def _describe(out: Any) -> str:
    if not isinstance(out, ArrayBatch):
        return repr(out)
    return f"a {type(out).__name__} of {len(out)} rows, or of other arrays"
