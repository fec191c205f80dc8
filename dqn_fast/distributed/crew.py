"""All actors as the loop sees them: who is at work, and bringing back those that died."""

from __future__ import annotations

import time
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from dqn_fast.distributed.messages import Collected, Work
from dqn_fast.distributed.shards import Port, Shards
from dqn_fast.distributed.transport import Call, Worker, WorkerLostError
from dqn_fast.errors import UsageError

_DEATHS, _WITHIN = 3, 60.0  # an actor that dies more often in so many seconds is not made again


class Member:
    """One actor.

    Attributes:
        worker: the actor.
        port: the shard that it sends its steps to.
        life: how often it has died.
        call: under way; None: it waits for work.
        asked: transitions that it was asked for, at most; 0 if it is coming back, or waits.
        turn: number of its latest piece of work, of all actors.
        deaths: when the latest were.
    """

    def __init__(self, worker: Worker, port: Port) -> None:
        self.worker = worker
        self.port = port
        self.life = 0
        self.call: Call | None = None
        self.asked = 0
        self.turn = 0
        self.deaths: deque[float] = deque(maxlen=_DEATHS + 1)


class Crew:
    """All actors of a run.

    Args:
        members: the actors.
        shards: that they send their steps to.
        clock: returns seconds from any origin.

    Attributes:
        members: the actors.
        deaths: of actors so far.
        lost: transitions that no shard has stored, since it was not there.
    """

    def __init__(
        self, members: Sequence[Member], shards: Shards, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.members = members
        self.deaths = self.lost = 0
        self._shards = shards
        self._turns = 0
        self._clock = clock

    @property
    def asked(self) -> int:
        """Transitions that actors are at work on."""
        return sum(member.asked for member in self.members)

    @property
    def calls(self) -> list[Call]:
        """The calls under way."""
        return [member.call for member in self.members if member.call is not None]

    def idle(self) -> list[Member]:
        """Return the actors that wait for work, whose shard is there; who has waited longest comes first."""
        idle = [one for one in self.members if one.call is None and one.port.coming_back is None]
        return sorted(idle, key=lambda one: one.turn)

    def ask(self, member: Member, step: int, rounds: int, num_envs: int, weights: Any) -> None:
        """Give work to an actor; `weights` are shared `Weights`."""
        self._turns += 1
        member.turn = self._turns
        member.asked = rounds * num_envs
        member.call = member.worker.call(
            "collect", Work(member.life, step, rounds), weights, member.port.worker
        )

    def take(self, done: Sequence[Any]) -> list[Collected]:
        """Return what actors have done.

        Args:
            done: calls that have a result.

        Raises:
            UsageError: if an actor has died too often.
            Exception: what an actor's environment raised.
        """
        result = []
        for member in self.members:
            if member.call is None or member.call not in done:
                continue
            call, member.call = member.call, None
            was_at_work, member.asked = member.asked > 0, 0
            try:
                answer = call.result()
            except WorkerLostError:
                self._died(member)
                continue
            if not was_at_work:  # it is back
                continue
            self.lost += answer.lost
            if answer.held is None:
                self._shards.lost(member.port)
            else:
                member.port.held = answer.held
            result.append(answer)
        return result

    def _died(self, member: Member) -> None:
        self.deaths += 1
        member.life += 1
        member.deaths.append(self._clock())
        number = self.members.index(member)
        if len(member.deaths) > _DEATHS and member.deaths[-1] - member.deaths[0] < _WITHIN:
            raise UsageError(
                f"actor {number}: got {len(member.deaths)} deaths of its process within a minute, expected"
                " it to go on; the machine may have too little memory"
            )
        warnings.warn(
            f"actor {number} died, and is made again; its environments begin new episodes",
            RuntimeWarning,
            stacklevel=2,
        )
        member.call = member.worker.revive()
