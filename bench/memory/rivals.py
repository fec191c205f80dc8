"""All contenders: the protocol they share, and what each of them can do.

To add a library, write a module in `contenders/` with a class for each kind of workload that the library can
do, and add a line to `CONTENDERS`. A library that is not installed is skipped.
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
# tianshou's epsilon is float32's and cannot be chosen, so all contenders use it.
ALPHA, BETA, EPS = 0.6, 0.4, 2.0**-23


class Unavailable(Exception):
    """A library is installed, but cannot do this here."""


class Memory(Protocol):
    """A memory for one workload, as a user of the library would have it, at the library's best settings.

    `add`, `extend`, `sample` and `update` are timed. Where possible they are the library's own methods, so
    that the protocol costs nothing. The rest is not timed.

    Attributes:
        lacks: fields that a batch does not have, with the reason.
        wrong: fields that are wrong in some rows of a batch, with the place; see `is_wrong`.
        reuses_batch: whether every batch lies in the same arrays.
        joins_episodes: whether a row of a sequence batch may hold several runs.
        only_copies: whether it draws beforehand, and so neither by priority nor anew.
    """

    lacks: ClassVar[Mapping[str, str]] = {}
    wrong: ClassVar[Mapping[str, str]] = {}
    reuses_batch: ClassVar[bool] = False
    only_copies: ClassVar[bool] = False
    joins_episodes: ClassVar[bool] = False

    add: Callable[..., Any]  # (*given(step))
    extend: Callable[..., Any]  # (obs, action, reward, next_obs, terminated, truncated), arrays of many steps
    sample: Callable[[int], Any]  # (batch_size) -> the library's own batch
    update: Callable[[Any, Any], Any]  # (batch, its new priorities), of prioritised memories only

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """Store as many transitions as it can hold, in the quickest way there is."""

    def arrays(self, batch: Any) -> dict[str, Array]:
        """Return a batch by the names of `Transitions`, with `weights` if it is prioritised.

        Of a workload in runs: one run behind another, with `offsets` where each begins, and the number of
        rows; if it is prioritised, `drawn` are the rows of the steps that were drawn, one for each run.
        """

    def given(self, step: Step) -> tuple[Any, ...]:
        """Return a step as the library's own environments give it."""
        return step

    def is_wrong(self, start: Transitions, transitions: Transitions) -> dict[str, Array]:
        """Return for each field of `wrong` which transitions have it wrong.

        Args:
            start: the single steps that they begin with.
            transitions: all that a batch may have.
        """
        return {}


@dataclass(frozen=True, eq=False)
class Contender:
    """A library or a recipe. Only contenders with the same normalisation of weights are compared.

    Attributes:
        name: its column in the table.
        module: the file in `contenders/` with its classes.
        can: the name of its class for each kind of workload.
        normalization: what its weights are divided by: the largest in the `"batch"`, or possible in the
            `"buffer"`; None if it has no weights.
        needs: the package to be installed.
        options: keyword arguments of its classes.
        counts: whether ours is to be faster. Plain Python, and NumPy's columns without a tree, do not count:
            they are only shown.
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
        """Name and normalisation, fit for `pytest -k`."""
        return "-".join(filter(None, (self.name, self.normalization))).replace(" ", "-")

    @property
    def is_installed(self) -> bool:
        """Whether its package is installed."""
        return find_spec(self.needs) is not None

    def build(self, workload: Workload) -> Memory:
        """Return an empty memory for a workload."""
        module = import_module(f"contenders.{self.module}")
        memory: Memory = getattr(module, self.can[workload.kind])(workload, **self.options)
        return memory


PRIORITIZED = {"prioritised": "Prioritized", "prioritised, n-step": "Prioritized"}
WITH_TENSORS = {**PRIORITIZED, "prioritised, tensors": "PrioritizedTensors"}
FLAT = {"uniform": "Uniform", "environments": "Uniform"}
SEQUENCES = {"sequences": "Sequences"}
PRIORITIZED_SEQUENCES = {"prioritised sequences": "PrioritizedSequences"}
NUMPYS = {"prioritised, n-step": "PrioritizedNStep", "prioritised, own columns": "Prioritized"}
THESIS = {"thesis": "Prioritized", "thesis, whole stacks": "Prioritized"}

CONTENDERS = (
    Contender(
        "ours",
        "ours",
        {
            **FLAT,
            "stacks": "Uniform",
            "stacks into a batch": "UniformInto",
            **SEQUENCES,
            "sequences into a batch": "SequencesInto",
            "segments": "Segments",
            "segments and a copy": "Segments",
            "texts": "Texts",
        },
    ),
    Contender(
        "ours",
        "ours",
        {
            **WITH_TENSORS,
            **THESIS,
            **PRIORITIZED_SEQUENCES,
            "prioritised sequences into a batch": "PrioritizedSequencesInto",
        },
        "batch",
        options={"weight_normalization": "batch"},
    ),
    Contender(
        "ours",
        "ours",
        {**WITH_TENSORS, **PRIORITIZED_SEQUENCES},
        "buffer",
        options={"weight_normalization": "buffer"},
    ),
    Contender("ours", "index_alone", {"prioritised, own columns": "Prioritized"}, "batch"),
    Contender("ours", "of_torchrl", {"prioritised, torchrl": "PrioritizedByOurs"}, "buffer", needs="torchrl"),
    Contender("cpprb", "of_cpprb", {**FLAT, "stacks": "Stacks"}, needs="cpprb"),
    Contender("cpprb", "of_cpprb", WITH_TENSORS, "buffer", needs="cpprb"),
    Contender(
        "rlox",
        "of_rlox",
        {**FLAT, "environments": "Environments", "sequences": "Sequences"},
        needs="rlox",
    ),
    Contender("rlox", "of_rlox", {"prioritised": "Prioritized"}, "buffer", needs="rlox"),
    Contender("SB3", "of_sb3", {**FLAT, "stacks": "Uniform"}, needs="stable_baselines3"),
    Contender("tianshou", "of_tianshou", {**FLAT, "stacks": "Stacks", **SEQUENCES}, needs="tianshou"),
    Contender(
        "tianshou",
        "of_tianshou",
        {
            **WITH_TENSORS,
            "prioritised, n-step": "PrioritizedNStep",
            "thesis": "Thesis",
            "thesis, whole stacks": "PrioritizedNStep",
            **PRIORITIZED_SEQUENCES,
        },
        "batch",
        needs="tianshou",
    ),
    Contender(
        "torchrl",
        "of_torchrl",
        {**FLAT, "environments": "Environments", "stacks": "Uniform", **SEQUENCES, "segments": "Segments"},
        needs="torchrl",
    ),
    Contender(
        "torchrl",
        "of_torchrl",
        {
            **PRIORITIZED,
            "prioritised, tensors": "Prioritized",
            "prioritised, torchrl": "Prioritized",
            **PRIORITIZED_SEQUENCES,
        },
        "buffer",
        needs="torchrl",
    ),
    Contender("torchrl slices", "of_torchrl", {"sequences": "Slices"}, needs="torchrl"),
    Contender(
        "torchrl slices",
        "of_torchrl",
        {"prioritised sequences": "PrioritizedSlices"},
        "buffer",
        needs="torchrl",
    ),
    Contender("RLlib", "of_rllib", SEQUENCES, needs="ray"),
    Contender("NumPy", "numpy_recipe", {**FLAT, "environments": "Environments"}, counts=False),
    Contender("NumPy", "numpy_recipe", {"stacks": "Stacks"}),
    Contender("NumPy", "numpy_recipe", {**WITH_TENSORS, **NUMPYS}, "batch"),
    Contender("Python", "python_recipe", {"uniform": "Uniform"}, counts=False),
    Contender("Python", "python_recipe", PRIORITIZED, "batch", counts=False),
    Contender(
        "a plain copy",
        "plain_copy",
        {
            "stacks into a batch": "PlainCopy",
            "sequences into a batch": "Sequences",
            "prioritised sequences into a batch": "Sequences",
            "segments and a copy": "Segments",
            "texts": "Texts",
        },
    ),
)
