"""A run on Ray that somebody watches, and whose priorities say of which transition they are.

The learner gives the pole's angle in each transition instead of its TD error, and the shard compares whatever
it is told with the angle in the step that it holds. Generations, which are what is tested, play no part.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from dqn_fast import ReplayBuffer
from dqn_fast.agent.batch_source import BatchSource
from dqn_fast.distributed import RayTransport, build_on
from dqn_fast.distributed.loop import DistributedLoop
from dqn_fast.distributed.shard import Part, ReplayShard
from dqn_fast.distributed.transport import Worker
from dqn_fast.training import TrainConfig, preset_of
from dqn_fast.training.parts.run import Hooks

ACTORS = 3
ANGLE = 2  # of the pole, in an observation


class Stop(Exception):
    """Enough has been seen."""


class Watched(RayTransport):
    """Ray, with shards that check, and somebody who looks whenever the learner asks for results.

    Args:
        look: gets the loop and this transport; raises Stop at the end.
        workers: that will be placed.
    """

    loop: DistributedLoop

    def __init__(self, look: Callable[[DistributedLoop, RayTransport], None], workers: int) -> None:
        super().__init__("local", workers, object_store=300_000_000)
        self._look = look

    def place(self, make: Callable[..., Any], *arguments: Any) -> Worker:
        """Place what is asked for; a shard is one that checks."""
        return super().place(Checked if make is ReplayShard else make, *arguments)

    def wait(self, calls: Sequence[Any], timeout: float | None = None) -> list[Any]:
        """Look, and return those of the calls that have a result."""
        self._look(self.loop, self)
        return super().wait(calls, timeout)


def train(look: Callable[[DistributedLoop, RayTransport], None], shards: int) -> str:
    """Train on CartPole until `look` has seen enough; return what was raised, empty if nothing was."""
    config = replace(
        preset_of("CartPole-v1"),
        actors=ACTORS,
        shards=shards,
        num_envs=4,
        prioritized=True,
        total_steps=10**9,
        learning_starts=500,
        learn_period=64,
        log_period=10**9,
        selection_period=0,
    )
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of each death
        transport = Watched(look, ACTORS + shards)
        hooks = Hooks(lambda _: None, lambda: None, lambda: False)
        loop = build_on(lambda _: transport, Path(folder))(config, None, hooks, stack).loop
        assert isinstance(loop, DistributedLoop)
        loop._learner._source = Marked(loop._learner._source)
        transport.loop = loop
        try:
            loop.run()
        except Stop:
            return ""
        except Exception as error:  # any is what is looked for
            return repr(error)
    return "the run ended by itself"


class Marked:
    """Batches whose priorities say of which transition they are.

    Args:
        source: of the batches.
    """

    def __init__(self, source: BatchSource) -> None:
        self._source = source
        self.batches = source.batches

    def update_priorities(self, batch: Any, td_error: Tensor) -> None:
        """Give the pole's angles; their signs are lost, as those of TD errors."""
        self._source.update_priorities(batch, batch.obs[:, ANGLE])


class Checked(ReplayShard):
    """A shard that compares each priority that its buffer takes with the step that it is for."""

    def __init__(self, config: TrainConfig, part: Part) -> None:
        self._given = self._wrong = 0
        super().__init__(config, part)

    def take(self, buffer: ReplayBuffer) -> int:
        """Hold this buffer, and see all that it is told."""
        vars(buffer)["update_priorities"] = partial(self._checked, buffer.update_priorities)
        return super().take(buffer)

    def counts(self) -> tuple[int, int]:
        """Return how many priorities it took in this life, and how many of them were wrong."""
        return self._given, self._wrong

    def _checked(
        self, update: Callable[..., int], indices: npt.NDArray[Any], priorities: npt.NDArray[Any]
    ) -> int:
        stale = update(indices, priorities)
        try:
            self._compare(indices, priorities)
        except IndexError:  # some are evicted, and among the stale
            for row in range(len(indices)):
                with suppress(IndexError):
                    self._compare(indices[row : row + 1], priorities[row : row + 1])
        return stale

    def _compare(self, indices: npt.NDArray[Any], priorities: npt.NDArray[Any]) -> None:
        held = np.abs(self._buffer.transitions(indices).obs[:, ANGLE].astype(np.float64))
        self._given += len(indices)
        self._wrong += int(np.count_nonzero(held != priorities))
