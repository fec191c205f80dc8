"""Who is compared with whom: equal work on equal transitions, checked before anything is timed."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

import pytest
from rivals import Cpprb, Ours, PurePython, Rival
from same_work import check
from transitions import episodes, priorities

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet

SIZES = (10_000, 100_000, 1_000_000)


class Contender(NamedTuple):
    """A rival by name; only those of one kind and one normalisation of weights are compared."""

    kind: str
    name: str
    normalization: str | None
    build: Callable[[int], Rival]  # by capacity
    needs: str = "dqn_fast"  # a package

    @property
    def title(self) -> str:
        """Kind, name and, if there are weights, their normalisation; good for `pytest -k`."""
        return "-".join(filter(None, (self.kind, self.name, self.normalization))).replace(" ", "-")

    def param(self) -> ParameterSet:
        """For `pytest.mark.parametrize`; skipped if the package is not installed."""
        missing = find_spec(self.needs) is None
        skip = pytest.mark.skipif(missing, reason=f"{self.needs} is not installed")
        return pytest.param(self, id=self.title, marks=skip)


UNIFORM = (
    Contender("uniform", "ours", None, lambda capacity: Ours(capacity, None)),
    Contender("uniform", "pure Python", None, lambda capacity: PurePython(capacity, False)),
    Contender("uniform", "cpprb", None, lambda capacity: Cpprb(capacity, False), needs="cpprb"),
)
PRIORITIZED = (
    Contender("prioritised", "ours", "batch", lambda capacity: Ours(capacity, "batch")),
    Contender("prioritised", "pure Python", "batch", lambda capacity: PurePython(capacity, True)),
    Contender("prioritised", "ours", "buffer", lambda capacity: Ours(capacity, "buffer")),
    Contender("prioritised", "cpprb", "buffer", lambda capacity: Cpprb(capacity, True), needs="cpprb"),
)


@cache
def full(contender: Contender, size: int) -> Rival:
    """The contender, holding `size` transitions; built once in a session.

    Raises:
        AssertionError: if it does other work than the rest.
    """
    _check_once(contender)
    rival = contender.build(size)
    rival.fill(episodes(size, seed=1), priorities(size, seed=2))
    gc.collect()
    gc.freeze()  # collecting one contender's garbage shall not walk through the others' transitions
    return rival


@cache
def _check_once(contender: Contender) -> None:
    check(contender.build(1000), contender.kind, contender.normalization)
