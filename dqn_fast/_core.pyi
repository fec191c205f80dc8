"""The C++ core. Use it through dqn_fast.ReplayBuffer, which converts and checks what it is given."""

from collections.abc import Callable, Iterable, Sequence
from mmap import mmap
from typing import Any, TypeVar, overload

import numpy as np
import numpy.typing as npt

__version__: str
stub_digest: str

class ReplayMemory:
    """A replay memory of steps; see csrc/replay_memory.hpp.

    Inputs are taken as they are only if their type and shape are exact: otherwise `add`, `sample`
    and `update_priorities` change nothing and say so, and Python converts or refuses them.
    """

    def __init__(
        self,
        fields: Iterable[Any],
        num_envs: int,
        capacity: int,
        reserve: float | None,
        drops_resets: bool,
        draws_segments: bool,
        seed: int,
        priorities: Any,
    ) -> None:
        """Make an empty memory.

        Args:
            fields: have the attributes name, role, dtype, shape, frames and frame_axis.
            num_envs: streams.
            capacity: transitions of one environment.
            reserve: slots beyond them, as a share; None is the default.
            drops_resets: leave out the rows of resets.
            draws_segments: draw segments, each as likely as the others, rather than steps.
            seed: of the generator.
            priorities: None, or has the attributes alpha, eps, normalization and stratified.
        """

    def add(
        self,
        obs: object,
        action: object,
        reward: object,
        next_obs: object,
        terminated: object,
        truncated: object,
        mask: object,
        new_segment: object,
        priority: object,
        extra: dict[str, Any],
        rows: int | None = None,
        env: int | tuple[int, int] | None = None,
    ) -> bool: ...
    def add_context(
        self, obs: object, mask: object, continues: bool, rows: int | None, env: int | None
    ) -> None: ...
    def sample(
        self,
        batch_size: int,
        n_step: int,
        gamma: float,
        beta: float,
        replacement: bool,
        out: tuple[npt.NDArray[Any], ...] | None,
    ) -> tuple[npt.NDArray[Any], ...] | None: ...
    def sample_frames(
        self,
        batch_size: int,
        n_step: int,
        gamma: float,
        beta: float,
        replacement: bool,
        out: tuple[npt.NDArray[Any], ...] | None,
    ) -> tuple[npt.NDArray[Any], ...] | None:
        """Draw as `sample`, into arrays that hold each frame of a row's stacks once."""

    def sample_sequences(
        self,
        batch_size: int,
        length: int,
        burn_in: int,
        n_step: int,
        gamma: float,
        beta: float,
        previous: bool,
        out: tuple[npt.NDArray[Any], ...] | None,
    ) -> tuple[npt.NDArray[Any], ...] | None: ...
    def sample_segments(
        self, batch_size: int | None, max_rows: int | None, n_step: int, gamma: float, beta: float
    ) -> tuple[npt.NDArray[Any], ...]: ...
    def transitions(
        self, indices: npt.NDArray[np.int64] | None, n_step: int, gamma: float
    ) -> tuple[npt.NDArray[Any], ...]: ...
    @property
    def transition_outputs(self) -> list[tuple[str, str]]:
        """Part of a batch and name of a field, of each array of a batch."""

    @property
    def frame_outputs(self) -> list[tuple[str, str]]:
        """The same of a batch with frames."""

    @property
    def segment_outputs(self) -> list[tuple[str, str]]:
        """The same of a batch of segments."""

    def sequence_outputs(self, previous: bool) -> list[tuple[str, str]]:
        """Return the same of a batch of sequences."""

    def indices(self) -> npt.NDArray[np.int64]: ...
    def masses(self, indices: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]: ...
    def successors(self, indices: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]: ...
    def empty(self, batch_size: int) -> tuple[npt.NDArray[Any], ...]: ...
    def empty_frames(self, batch_size: int) -> tuple[npt.NDArray[Any], ...]: ...
    def empty_sequences(
        self, batch_size: int, length: int, burn_in: int, n_step: int, previous: bool
    ) -> tuple[npt.NDArray[Any], ...]: ...
    def update_priorities(self, indices: object, priorities: object) -> int | None: ...
    def clear(self) -> None: ...
    def reseed(self, seed: int) -> None: ...
    def stats(self) -> dict[str, Any]: ...
    def is_full(self) -> bool: ...
    def is_valid(self) -> bool: ...
    def __len__(self) -> int: ...
    @property
    def capacity(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
    @property
    def kernels(self) -> str: ...

class PriorityIndex:
    """The trees of a prioritised memory alone; see csrc/priority_index.hpp.

    Inputs are taken as they are only if their type and shape are exact: otherwise `add`, `update` and
    `remove` change nothing and return None, and Python converts or refuses them.
    """

    def __init__(self, capacity: int, seed: int, priorities: Any) -> None:
        """Make an empty index.

        Args:
            capacity: leaves.
            seed: of the generator.
            priorities: has the attributes alpha, eps, normalization and stratified.
        """

    def add(self, n: int | None, priority: object, at: object) -> npt.NDArray[np.int64] | None:
        """Give ids to `n` leaves, or to the leaves `at`."""

    def sample(self, n: int, beta: float) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]: ...
    def update(self, ids: object, priorities: object) -> int | None: ...
    def remove(self, ids: object) -> int | None: ...
    def ids_at(self, leaves: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the ids that leaves hold, -1 where they hold none."""

    def masses(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]: ...
    def clear(self) -> None: ...
    def reseed(self, seed: int) -> None: ...
    def is_valid(self) -> bool: ...
    def __len__(self) -> int: ...
    @property
    def largest_priority(self) -> float:
        """The priority that a new id gets, with its eps."""

    @property
    def capacity(self) -> int: ...
    @property
    def nbytes(self) -> int: ...

class LazyRow:
    """A row of a column that is read when it is used; subclasses say what `tensor()` it stands for."""

    @property
    def column(self) -> Any: ...
    @property
    def number(self) -> int: ...
    @classmethod
    def rows_of(cls, column: object, count: int) -> list[Any]:
        """Return rows 0 to `count` - 1 of the column."""

    @classmethod
    def numbers(cls, rows: object) -> tuple[Any, npt.NDArray[np.int64]] | None:
        """Return the column of these rows, and their numbers; None if they are of several, or no rows."""

    def __getitem__(self, key: object) -> Any: ...

class TupleSequence:
    """The transitions of one environment's memory as tuples, oldest first; the deque is one."""

    def __init__(self, maxlen: int) -> None: ...
    def _follow(
        self,
        memory: ReplayMemory | None,
        restore: tuple[Callable[[Any], Any] | None, ...],
        wrap: tuple[Callable[[Any], Any] | None, ...],
    ) -> None: ...
    def _note(self) -> None: ...
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, index: int) -> tuple[Any, ...]: ...
    @overload
    def __getitem__(self, index: slice) -> list[tuple[Any, ...]]: ...

class DenseLayers:
    """Dense layers over arrays whose numbers may change between two runs; see csrc/kernels/dense_layer.hpp.

    Args:
        layers: features `(N, inputs)`, weight `(outputs, inputs)`, bias `(outputs,)`, outputs
            `(N, outputs)`, and whether a ReLU is behind it; of each layer. float32, in C order.
    """

    def __init__(
        self,
        layers: Sequence[
            tuple[
                npt.NDArray[np.float32],
                npt.NDArray[np.float32],
                npt.NDArray[np.float32],
                npt.NDArray[np.float32],
                bool,
            ]
        ],
    ) -> None: ...
    def run(self) -> None:
        """Compute the outputs of the layers, one after another."""

_Function = TypeVar("_Function", bound=Callable[..., None])

def add_method(function: _Function) -> _Function:
    """Return a method that gives steps to the buffer's `_plain_memory`, and the function all else.

    It has the function's signature, documentation and name.

    Args:
        function: `add`, in Python; it must do whatever the method may leave to it.
    """

def available_kernels() -> list[str]: ...
def save(path: str, header: str, memory: ReplayMemory | PriorityIndex | None) -> None: ...
def dumps(header: str, memory: ReplayMemory | PriorityIndex | None) -> bytes: ...

class Snapshot:
    """A saved memory; the checksum of its bytes was found right."""

    def __init__(self, data: bytes | mmap) -> None: ...
    @property
    def header(self) -> str: ...
    def restore(self, memory: ReplayMemory | PriorityIndex | None) -> None: ...
