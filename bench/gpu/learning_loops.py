"""Loops of learner updates, timed: ours in every combination, and rivals'."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from rival_buffers import BUFFERS, Sample, cleanrl_updates
from workload import make_agent

from dqn_fast import ReplayBuffer
from dqn_fast.agent import HandOff, UniformBatches, handed
from dqn_fast.agent.hand_off import HandedBatch

FRAMES_PER_UPDATE = 16  # one update every 4 steps of 4 frames, as in Mnih et al. (2015)
_WARM_UP = 8  # updates


class Way(NamedTuple):
    """A way to learn; each frame goes to the device once, unless whole stacks do."""

    prefetch: int
    graph: bool
    bfloat16: bool = False
    whole_stacks: bool = False

    def __str__(self) -> str:
        parts = [f"prefetch {self.prefetch}" if self.prefetch else "", "graph" if self.graph else ""]
        parts += ["bfloat16" if self.bfloat16 else "", "whole stacks" if self.whole_stacks else ""]
        return ", ".join(part for part in parts if part) or "plain"


WAYS = (
    Way(0, False),
    Way(0, False, whole_stacks=True),
    Way(2, False),
    Way(0, True),
    Way(2, True),
    Way(2, True, whole_stacks=True),
    Way(2, True, bfloat16=True),
)


class _WholeStacks(UniformBatches):
    """Draws batches as they are on the CPU, wherever they go."""

    def slot(self, *, pin_memory: bool, frames: bool = False) -> Any:
        return super().slot(pin_memory=pin_memory)


class Speed(NamedTuple):
    """What a loop reached.

    Attributes:
        waiting: share of the time by which it takes longer than with a batch that is on the device already;
            None where that was not measured.
        nbytes: of a batch, on the way to the device; None where that was not measured.
    """

    who: str
    batch_size: int
    updates_per_second: float
    waiting: float | None = None
    nbytes: int | None = None

    @property
    def frames_per_second(self) -> float:
        """Frames of a game that could be played meanwhile, at DQN's ratio."""
        return self.updates_per_second * FRAMES_PER_UPDATE


def ours(
    buffer: ReplayBuffer, batch_size: int, way: Way, device: torch.device, hidden: int, seconds: float
) -> Speed:
    """Time our loop, as the trainer's learner runs it: each result is read one update later."""
    agent = make_agent(device, hidden, graph=way.graph, bfloat16=way.bfloat16)
    source = (_WholeStacks if way.whole_stacks else UniformBatches)(buffer, batch_size)
    hand_off = HandOff(source, device, way.prefetch)
    unread: deque[Callable[[], Any]] = deque()

    def update(batch: Any) -> None:
        unread.append(agent.begin(batch, 1))
        if len(unread) > 1:
            unread.popleft()()

    def drawn() -> None:
        for batch in hand_off.batches(1, 1):
            update(batch)

    rate = _rate(drawn, device, seconds)
    (batch,) = hand_off.batches(1, 1)
    without = _rate(lambda: update(batch), device, seconds / 2)
    hand_off.settle()
    return Speed(f"ours, {way}", batch_size, rate, max(1 - rate / without, 0.0), _bytes_sent(batch))


def _bytes_sent(batch: HandedBatch) -> int:
    """Return the bytes of a batch that go to the device."""
    sizes: list[int] = []

    def note(tensor: torch.Tensor) -> torch.Tensor:
        sizes.append(tensor.nbytes)
        return tensor

    handed(batch.drawn, note)
    return sum(sizes)


def cleanrl(
    name: str, sample: Sample, batch_size: int, device: torch.device, hidden: int, seconds: float
) -> Speed:
    """Time CleanRL's update with a rival's buffer."""
    update = cleanrl_updates(device, hidden)
    return Speed(
        f"CleanRL's update, {name}",
        batch_size,
        _rate(lambda: update(sample(batch_size)), device, seconds),
    )


def make_sample(name: str, capacity: int, device: torch.device) -> Sample:
    return BUFFERS[name][0](capacity, device)


def _rate(once: Callable[[], None], device: torch.device, seconds: float) -> float:
    """Return how often something is done in a second, the device's work included."""
    for _ in range(_WARM_UP):
        once()
    _wait(device)
    begin, count = time.perf_counter(), 0
    while time.perf_counter() - begin < seconds:
        once()
        count += 1
    _wait(device)
    return count / (time.perf_counter() - begin)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
