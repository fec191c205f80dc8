"""Every contender behind one small protocol, and which of them can do what.

To add a library: a module in memories/ with a class for each kind of workload that it can do, and a
line in `CONTENDERS`. What is not installed is skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar, Protocol

from transitions import Array, Step, Transitions
from workloads import Workload

SEED = 7
# tianshou's epsilon is float32's and cannot be chosen, so all have it.
ALPHA, BETA, EPS = 0.6, 0.4, 2.0**-23


class Unavailable(Exception):
    """A library is installed but cannot do this here."""


class Memory(Protocol):
    """A memory of one workload, as a user of its library has it, at the library's best settings.

    `add`, `extend`, `sample` and `update` are the timed lines of Python; where it can be, they are the
    library's own methods, so that the protocol costs nothing. The rest is not timed.

    Attributes:
        lacks: fields that a batch does not have, and why.
        wrong: fields that are wrong in some rows of a batch, and where; see `is_wrong`.
        reuses_batch: whether every batch lies in the same arrays.
    """

    lacks: ClassVar[Mapping[str, str]] = {}
    wrong: ClassVar[Mapping[str, str]] = {}
    reuses_batch: ClassVar[bool] = False

    add: Callable[..., Any]  # (*given(step))
    extend: Callable[..., Any]  # (obs, action, reward, next_obs, terminated, truncated), arrays of many steps
    sample: Callable[[int], Any]  # (batch_size) -> the library's own batch
    update: Callable[[Any, Any], Any]  # (batch, its new priorities), of prioritised ones only

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """Stores as many transitions as it can hold, the quickest way that there is."""

    def arrays(self, batch: Any) -> dict[str, Array]:
        """The batch in the order and by the names of `Transitions`, and `weights` if it is prioritised."""

    def given(self, step: Step) -> tuple[Any, ...]:
        """A step as the library's own environments give it."""
        return step

    def is_wrong(self, start: Transitions, transitions: Transitions) -> dict[str, Array]:
        """By field of `wrong`, which rows of all are wrong. `start` are the single steps they begin with."""
        return {}


@dataclass(frozen=True, eq=False)
class Contender:
    """A library, or a recipe: only those of one normalisation of weights are compared.

    Attributes:
        name: in the table.
        module: in memories/, where its classes are.
        can: by kind of workload, the name of the class.
        normalization: what its weights are divided by: the largest in the batch, or in the buffer.
        needs: a package.
        counts: whether it is one of those that ours is to be faster than. Plain Python, and columns of NumPy
            without a tree, are not: they are shown all the same.
    """

    name: str
    module: str
    can: Mapping[str, str]
    normalization: str | None = None
    needs: str = "dqn_fast"
    options: Mapping[str, Any] = field(default_factory=dict)
    counts: bool = True

    @property
    def title(self) -> str:
        """Name and normalisation, good for `pytest -k`."""
        return "-".join(filter(None, (self.name, self.normalization))).replace(" ", "-")

    @property
    def is_installed(self) -> bool:
        """Whether its package is there."""
        return find_spec(self.needs) is not None

    def build(self, workload: Workload) -> Memory:
        """An empty memory for this workload."""
        module = import_module(f"memories.{self.module}")
        memory: Memory = getattr(module, self.can[workload.kind])(workload, **self.options)
        return memory


PRIORITIZED = {"prioritised": "Prioritized", "prioritised, n-step": "Prioritized"}
WITH_TENSORS = {**PRIORITIZED, "prioritised, tensors": "PrioritizedTensors"}
FLAT = {"uniform": "Uniform", "environments": "Uniform"}
NUMPYS = {"prioritised, n-step": "PrioritizedNStep", "prioritised, own columns": "Prioritized"}
THESIS = {"thesis": "Prioritized", "thesis, whole stacks": "Prioritized"}

CONTENDERS = (
    Contender("ours", "ours", {**FLAT, "stacks": "Uniform", "stacks into a batch": "UniformInto"}),
    Contender("ours", "ours", {**WITH_TENSORS, **THESIS}, "batch", options={"weight_normalization": "batch"}),
    Contender("ours", "ours", WITH_TENSORS, "buffer", options={"weight_normalization": "buffer"}),
    Contender("ours", "index_alone", {"prioritised, own columns": "Prioritized"}, "batch"),
    Contender("ours", "of_torchrl", {"prioritised, torchrl": "PrioritizedByOurs"}, "buffer", needs="torchrl"),
    Contender("cpprb", "of_cpprb", {**FLAT, "stacks": "Stacks"}, needs="cpprb"),
    Contender("cpprb", "of_cpprb", WITH_TENSORS, "buffer", needs="cpprb"),
    Contender("SB3", "of_sb3", {**FLAT, "stacks": "Uniform"}, needs="stable_baselines3"),
    Contender("tianshou", "of_tianshou", {**FLAT, "stacks": "Stacks"}, needs="tianshou"),
    Contender(
        "tianshou",
        "of_tianshou",
        {
            **WITH_TENSORS,
            "prioritised, n-step": "PrioritizedNStep",
            "thesis": "Thesis",
            "thesis, whole stacks": "PrioritizedNStep",
        },
        "batch",
        needs="tianshou",
    ),
    Contender(
        "torchrl",
        "of_torchrl",
        {**FLAT, "environments": "Environments", "stacks": "Uniform"},
        needs="torchrl",
    ),
    Contender(
        "torchrl",
        "of_torchrl",
        {**PRIORITIZED, "prioritised, tensors": "Prioritized", "prioritised, torchrl": "Prioritized"},
        "buffer",
        needs="torchrl",
    ),
    Contender("NumPy", "numpy_recipe", {**FLAT, "environments": "Environments"}, counts=False),
    Contender("NumPy", "numpy_recipe", {"stacks": "Stacks"}),
    Contender("NumPy", "numpy_recipe", {**WITH_TENSORS, **NUMPYS}, "batch"),
    Contender("Python", "python_recipe", {"uniform": "Uniform"}, counts=False),
    Contender("Python", "python_recipe", PRIORITIZED, "batch", counts=False),
    Contender("a plain copy", "plain_copy", {"stacks into a batch": "PlainCopy"}),
)
