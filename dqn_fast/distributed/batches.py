"""Batches of all shards, asked for before they are needed: the learner's batch source."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from dqn_fast import trees
from dqn_fast.agent import Schedule
from dqn_fast.distributed.messages import Drawn, Emptied, Given
from dqn_fast.distributed.shards import Port, Shards
from dqn_fast.distributed.transport import Transport, WorkerLostError


class ShardBatches:
    """Gives the batches of the shards in turn, each as it comes.

    The priorities of a batch travel with the next request to its shard. With `in_flight` requests under way,
    those of the batches before have arrived when a batch is drawn, except for the newest ones.

    Args:
        shards: draw the batches.
        transport: of their calls.
        device: of the learner.
        beta_schedule: exponent of the importance weights at each environment step, in [0, 1].
        in_flight: requests under way to each shard.
        prioritized: whether the shards take priorities.

    Attributes:
        waited: seconds in which the learner had nothing to do but wait for a batch.
    """

    def __init__(
        self,
        shards: Shards,
        transport: Transport,
        device: torch.device,
        beta_schedule: Schedule,
        *,
        in_flight: int = 2,
        prioritized: bool = True,
    ) -> None:
        self.waited = 0.0
        self._shards = shards
        self._transport = transport
        self._beta_schedule = beta_schedule
        self._in_flight = in_flight
        self._prioritized = prioritized
        self._turns = list(shards.ports)  # who has waited longest comes first
        self._device = device

    def batches(self, step: int, updates: int) -> Iterator[Any]:
        """Give a batch of tensors for each update; fewer if no shard is there that holds enough."""
        beta = self._beta_schedule(step)
        for _ in range(updates):
            drawn = self._next(beta)
            if drawn is None:
                return
            yield drawn

    def update_priorities(self, batch: Drawn, td_error: Tensor) -> None:
        """Send |TD error| with the next request to the shard that the batch is from."""
        if not self._prioritized:
            return
        priorities = td_error.abs().cpu().numpy().astype(np.float64)
        port = next((port for port in self._shards.ports if port.generation == batch.generation), None)
        if port is None:  # it has died since
            self._shards.stale += len(priorities)
        else:
            port.given.append(Given(batch.generation, batch.indices, priorities))

    def _next(self, beta: float) -> Drawn | None:
        while True:
            ports = [port for port in self._turns if port.can_be_drawn_from]
            if not ports:
                return None
            for port in ports:
                while len(port.requests) < self._in_flight:
                    given, port.given = port.given, []
                    port.requests.append(port.worker.call("draw", given, beta))
            begun = time.perf_counter()
            done = self._transport.wait([port.requests[0] for port in ports])
            self.waited += time.perf_counter() - begun
            turn = next(port for port in ports if port.requests[0] in done)
            if drawn := self._taken(turn):
                self._turns.remove(turn)
                self._turns.append(turn)
                return drawn

    def _taken(self, port: Port) -> Drawn | None:
        """Return the batch of a request that has a result, as tensors; None if there is none."""
        try:
            answer = port.requests.popleft().result()
        except WorkerLostError:
            self._shards.lost(port)
            return None
        self._shards.stale += answer.stale
        if isinstance(answer, Emptied) or port.generation not in (None, answer.generation):
            self._shards.lost(port)  # and was there again before anybody noticed
            return None
        port.generation = answer.generation
        # Copies: what comes from another process may be read-only memory of its.
        fields = {name: trees.map(self._tensor, getattr(answer, name)) for name in Drawn._fields[2:-1]}
        drawn: Drawn = answer._replace(**fields, indices=np.array(answer.indices))
        return drawn

    def _tensor(self, array: npt.NDArray[Any]) -> Tensor:
        """Return a copy on the learner's device; a GPU fetches it from pinned memory while it works."""
        tensor = torch.from_numpy(np.array(array))
        if self._device.type != "cuda":
            return tensor.to(self._device)
        return tensor.pin_memory().to(self._device, non_blocking=True)
