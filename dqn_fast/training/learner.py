"""The learner: an agent, and the source of its batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from dqn_fast.agent import DQN, BatchSource, HandOff, UpdateResult, handed
from dqn_fast.training.metrics import Metrics


class _Begun(NamedTuple):
    """An update whose result is not read yet.

    Attributes:
        batch: that it learns from.
        result: waits for the result, and returns it.
    """

    batch: Any
    result: Callable[[], UpdateResult]


class Learner:
    """Makes learner updates. It does not know the environments.

    On a GPU the result of an update is read when the next one is enqueued, so that the GPU always has work.
    TD errors become priorities then.

    Args:
        agent: learns, in place.
        source: gives batches, and gets their TD errors.
        metrics: gets the result of every update.
    """

    def __init__(self, agent: DQN, source: BatchSource, metrics: Metrics) -> None:
        self.agent = agent
        self._source = source
        self._metrics = metrics
        self._begun: deque[_Begun] = deque()
        self._unread = 0 if agent.device.type == "cpu" else 1

    def learn(self, step: int, updates: int) -> None:
        """Make learner updates.

        Args:
            step: environment step, for the schedules.
            updates: number of updates.
        """
        for batch in self._source.batches(step, updates):
            self._begun.append(_Begun(batch, self.agent.begin(batch, step)))
            while len(self._begun) > self._unread:
                self._read()

    def finish(self) -> None:
        """Read the results of all updates: for whoever looks at metrics or priorities."""
        while self._begun:
            self._read()

    def _read(self) -> None:
        batch, result = self._begun.popleft()
        update = result()
        self._source.update_priorities(batch, update.td_error)
        self._metrics.add_update(update)

    def state_dict(self) -> dict[str, Any]:
        """Return the batches that are drawn ahead, and results that are not used; the agent is beside it."""
        if not isinstance(self._source, HandOff):
            return {}
        begun = [(batch.drawn, result()) for batch, result in self._begun]
        return {"hand_off": self._source.state_dict(), "begun": begun}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        if isinstance(self._source, HandOff) and state:
            self._source.load_state_dict(state["hand_off"])
            self._begun.extend(
                _Begun(handed(drawn), partial(_known, found)) for drawn, found in state["begun"]
            )


def _known(result: UpdateResult) -> UpdateResult:
    return result
