"""The hand-off: a thread draws batches ahead of the learner, and copies them to the device meanwhile."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from dqn_fast import FrameBatch, trees
from dqn_fast.agent.batch_source import Drawer
from dqn_fast.agent.networks.windows import Cells
from dqn_fast.agent.objectives.objective import TransitionBatch

# Batches whose TD errors may still be on the device when another one is ordered, and the one in use.
_UNREAD = 2


@dataclass(slots=True)
class HandedBatch:
    """A batch on the device; the fields are those of `TransitionBatch`.

    Attributes:
        drawn: the same batch on the CPU, as its source gave it.
    """

    obs: Any
    action: Tensor
    reward: Tensor
    next_obs: Any
    discount: Tensor
    weights: Tensor
    drawn: TransitionBatch


def _where_it_is(tensor: Tensor) -> Tensor:
    return tensor


def handed(batch: TransitionBatch, move: Callable[[Tensor], Tensor] = _where_it_is) -> HandedBatch:
    """Return a batch with every tensor moved.

    Images stay bytes: the network scales them on the device. Frames are moved, and stacks made of them there.
    """
    if isinstance(batch, FrameBatch):
        obs, next_obs = batch.stacks(move)
    elif isinstance(batch.obs, Cells):  # both look at the same window
        window = batch.obs.window.map(move)
        obs, next_obs = Cells(window, move(batch.obs.at)), Cells(window, move(batch.next_obs.at))
    else:
        obs, next_obs = trees.map(move, batch.obs), trees.map(move, batch.next_obs)
    rest = (batch.action, batch.reward, batch.discount, batch.weights)
    action, reward, discount, weights = map(move, rest)
    return HandedBatch(obs, action, reward, next_obs, discount, weights, batch)


class Carrier(Protocol):
    """Brings batches to a device."""

    pin_memory: bool

    def send(self, batch: TransitionBatch) -> Any:
        """Begin to copy a batch, and return what is sent; the thread that draws calls this."""
        ...

    def receive(self, sent: Any) -> HandedBatch:
        """Return the batch of what was sent, for the learner's thread to use."""
        ...


class PlainCarrier:
    """Copies each batch when it is received. On the CPU nothing is copied.

    Args:
        device: of the batches.
    """

    pin_memory = False

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def send(self, batch: TransitionBatch) -> TransitionBatch:
        """Copy nothing yet."""
        return batch

    def receive(self, sent: TransitionBatch) -> HandedBatch:
        """Return the batch on the device."""
        return handed(sent, lambda tensor: tensor.to(self._device))


class StreamCarrier:
    """Copies on a CUDA stream of its own, beside the one that computes.

    Args:
        device: a GPU.
    """

    pin_memory = True

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    def send(self, batch: TransitionBatch) -> HandedBatch:
        """Copy a batch, and wait until its slot may be used again; nobody else waits."""
        with torch.cuda.stream(self._stream):
            sent = handed(batch, lambda tensor: tensor.to(self._device, non_blocking=True))
        self._stream.synchronize()
        return sent

    def receive(self, sent: HandedBatch) -> HandedBatch:
        """Keep the batch's memory until the learner's stream is done with it."""
        computing = torch.cuda.current_stream(self._device)

        def keep(tensor: Tensor) -> Tensor:
            tensor.record_stream(computing)
            return tensor

        handed(sent, keep)
        return sent


class _Ordered(NamedTuple):
    """A batch on the CPU, and what a carrier made of it."""

    drawn: TransitionBatch
    sent: Any


class HandOff:
    """Gives the batches of a source on a device, drawn some updates ahead.

    With `prefetch` p, the batch of update u is ordered when that of update u - p is taken, and the thread
    that draws it runs beside the update and the environments. It knows what was stored and which priorities
    were set before it was ordered, and nothing later: with p = 0 that is all there is, and with more, its
    priorities are as many updates late.

    So that the same seed gives the same batches, nothing may be stored while a batch is drawn: call `settle`
    before. Drawing goes without the GIL, and so does not hold up Python.

    Stacks go to another device as frames, each once, if an observation and the next one share any; the device
    makes the stacks, bit for bit the same.

    Args:
        source: draws.
        device: of the batches.
        prefetch: batches in flight, at least 0.

    Raises:
        ValueError: if `prefetch` is negative.
    """

    def __init__(self, source: Drawer, device: torch.device, prefetch: int = 0) -> None:
        if prefetch < 0:
            raise ValueError(f"prefetch: got {prefetch}, expected at least 0")
        self._source = source
        self._prefetch = prefetch
        self._carrier: Carrier = StreamCarrier(device) if device.type == "cuda" else PlainCarrier(device)
        slots = prefetch + 1 + _UNREAD
        kind = {"pin_memory": self._carrier.pin_memory, "frames": device.type != "cpu"}
        self._slots = deque(source.slot(**kind) for _ in range(slots))
        self._ahead: deque[Future[_Ordered]] = deque()
        self._thread: ThreadPoolExecutor | None = None

    def batches(self, step: int, updates: int) -> Iterator[HandedBatch]:
        """Give a batch of tensors on the device for each update.

        Args:
            step: environment step, for the batches that are ordered now.
            updates: number of updates.
        """
        for _ in range(updates):
            while len(self._ahead) <= self._prefetch:
                self._ahead.append(self._order(step))
            yield self._carrier.receive(self._ahead.popleft().result().sent)

    def update_priorities(self, batch: HandedBatch, td_error: Tensor) -> None:
        """Give the source the TD errors of its batch, `(B,)` on any device."""
        self.settle()
        self._source.update_priorities(batch.drawn, td_error.cpu())

    def settle(self) -> None:
        """Wait until nothing is drawn; whoever changes the buffer calls this before."""
        if self._ahead:
            self._ahead[-1].exception()  # waits for the last one: a single thread draws them in turn

    def state_dict(self) -> dict[str, Any]:
        """Return the batches that are drawn and not yet taken, as they were when they were drawn."""
        return {"ahead": [future.result().drawn for future in self._ahead]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        self._ahead = deque(map(self._given, state["ahead"]))

    def _order(self, step: int) -> Future[_Ordered]:
        slot = self._slots[0]
        self._slots.rotate(-1)
        if not self._prefetch:
            return self._given(self._source.draw(step, slot))
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "dqn_fast draws")
        return self._thread.submit(lambda: self._send(self._source.draw(step, slot)))

    def _given(self, batch: TransitionBatch) -> Future[_Ordered]:
        """Return a batch that is there, as one that was ordered."""
        future: Future[_Ordered] = Future()
        future.set_result(self._send(batch))
        return future

    def _send(self, batch: TransitionBatch) -> _Ordered:
        return _Ordered(batch, self._carrier.send(batch))
