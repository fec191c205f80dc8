"""The same updates on the CPU and on the device, from the same weights and the same batches."""

from __future__ import annotations

from typing import NamedTuple

import torch
from workload import make_agent

from dqn_fast import ReplayBuffer
from dqn_fast.agent import UniformBatches, handed

TOLERANCE = 2e-2  # relative; a GPU may convolve in TF32, which keeps three digits


class Difference(NamedTuple):
    """How far the device is from the CPU.

    Attributes:
        loss: largest relative difference of an update's loss.
        td_error: largest difference of a TD error, relative to the largest of its batch.
        weights: norm of the difference of all weights, relative to that of their way from the start.
    """

    loss: float
    td_error: float
    weights: float

    @property
    def is_small(self) -> bool:
        """Whether it is no more than rounding."""
        return self.loss < TOLERANCE and self.td_error < TOLERANCE and self.weights < 5 * TOLERANCE


def compare(
    buffer: ReplayBuffer, device: torch.device, hidden: int, *, updates: int, batch_size: int, graph: bool
) -> Difference:
    """Learn on both, and compare."""
    here = make_agent(torch.device("cpu"), hidden)
    there = make_agent(device, hidden, graph=graph)
    start = here.parameters.vector.detach().clone()
    loss = td_error = 0.0
    source = UniformBatches(buffer, batch_size)
    slot = source.slot(pin_memory=False, frames=True)  # each makes its stacks itself
    for _ in range(updates):
        batch = source.draw(1, slot)
        expected = here.learn(handed(batch), 1)
        found = there.learn(handed(batch, lambda tensor: tensor.to(device)), 1)
        loss = max(loss, abs(found.loss - expected.loss) / expected.loss)
        largest = expected.td_error.abs().max()
        td_error = max(td_error, float((found.td_error.cpu() - expected.td_error).abs().max() / largest))
    way = here.parameters.vector.detach() - start
    apart = there.parameters.vector.detach().cpu() - here.parameters.vector.detach()
    return Difference(loss, td_error, float(apart.norm() / way.norm()))
