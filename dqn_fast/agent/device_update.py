"""The learner update on a GPU: it asks the device for no number, so that nobody waits for it.

It computes what `DQN.learn` computes on the CPU. Where that one looks at a number, here a factor on the
device decides: `going` is 1, and 0 from the first loss or gradient on that is not finite. Then nothing
changes any more, until the error is read, one update later.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import NamedTuple

import torch
from torch import Tensor

from dqn_fast import trees
from dqn_fast.agent.fast import Differentiable, repeated
from dqn_fast.agent.hand_off import handed
from dqn_fast.agent.objectives.objective import Objective, TransitionBatch
from dqn_fast.agent.optimizers.optimizer import Optimizer
from dqn_fast.agent.optimizers.parameters import FlatParameters


class Report(NamedTuple):
    """What an update found.

    Attributes:
        td_error: of each row, `(B,)`, on the CPU.
        loss: weighted sum over the rows.
        q: sum of the values of the actions taken.
        norm: of the gradient.
        changed: whether weights and optimiser changed: all numbers were finite, in this update and before.
    """

    td_error: Tensor
    loss: float
    q: float
    norm: float
    changed: bool


class DeviceUpdate:
    """Enqueues updates of a network, its optimiser and its target.

    Args:
        values: of the network that learns.
        target_values: of the target network.
        parameters: of the network that learns.
        optimizer: over `parameters`.
        objective: the loss of each transition.
        max_grad_norm: largest 2-norm of the gradient; infinity turns this off.
        repeats: whether the work of an update is recorded and replayed, as far as all batches have one
            shape. On CUDA this is a graph, whose start takes one call instead of some hundred; elsewhere the
            same code runs over the same memory.
    """

    def __init__(
        self,
        values: Differentiable,
        target_values: Differentiable,
        parameters: FlatParameters,
        optimizer: Optimizer,
        *,
        objective: Objective,
        max_grad_norm: float = inf,
        repeats: bool = False,
    ) -> None:
        self._values, self._target_values = values, target_values
        self._parameters, self._optimizer, self._objective = parameters, optimizer, objective
        self._max_grad_norm = max_grad_norm
        self._repeats = repeats
        device = parameters.vector.device
        #: 1, and 0 from the first number on that is not finite; a scalar on the device.
        self.going = torch.ones((), device=device)
        # The kernel reads float32 on GPUs, and float64 on the CPU.
        wide = torch.float64 if device.type == "cpu" else torch.float32
        self._learning_rate = torch.zeros((), dtype=wide, device=device)
        self._recording: _Recording | None = None

    @torch.no_grad()
    def begin(self, batch: TransitionBatch, learning_rate: float) -> Callable[[], Report]:
        """Enqueue an update; return a function that waits for it and returns what it found.

        Args:
            batch: B transitions on the device; only read.
            learning_rate: of this update.
        """
        self._learning_rate.fill_(learning_rate)
        if self._repeats and _has_fixed_shapes(batch):
            if self._recording is None or not self._recording.fits(batch):
                self._recording = _Recording(self._run, batch)
            packed = self._recording(batch)
        else:
            packed = self._run(batch)
        return _report(packed)

    def go_on(self) -> None:
        """Let updates change something again, after one that was not finite."""
        self.going.fill_(1)

    def _run(self, batch: TransitionBatch) -> Tensor:
        """Compute an update without a look at any number; return all that is reported, in one tensor."""
        gradient, going = self._parameters.gradient, self.going
        whole = self._objective.whole_heads
        asked = () if whole is None else (batch.action, whole)
        outputs, backward = self._values.trace(batch.obs, *asked)
        found = self._objective(outputs, batch, self._values, self._target_values)
        loss, q = torch.dot(found.loss, batch.weights), found.q.sum()
        gradient.zero_()
        shares = batch.weights / len(outputs)
        backward(found.gradient.mul_(shares.view(-1, *[1] * (outputs.dim() - 1))))
        norm = torch.zeros_like(loss)
        if self._max_grad_norm < inf:
            norm = torch.linalg.vector_norm(gradient)
            gradient.mul_((self._max_grad_norm / norm).clamp(max=1))
        going.mul_(loss.isfinite() & norm.isfinite())
        self._optimizer.guarded_step(self._learning_rate, going)
        return torch.cat([found.td_error, torch.stack([loss, q, norm, going])])


class _Recording:
    """Repeats a function of batches over memory that they are copied to.

    Args:
        run: from a batch to a tensor.
        batch: decides the shapes.
    """

    def __init__(self, run: Callable[[TransitionBatch], Tensor], batch: TransitionBatch) -> None:
        own = handed(batch, torch.empty_like)
        self._tensors = _tensors(own)
        self._repeat = repeated(lambda: run(own), own.weights.device)

    def fits(self, batch: TransitionBatch) -> bool:
        """Return whether a batch has the recorded shapes."""
        return [one.shape for one in _tensors(batch)] == [one.shape for one in self._tensors]

    def __call__(self, batch: TransitionBatch) -> Tensor:
        """Return the result for a batch, valid until the next call."""
        for own, given in zip(self._tensors, _tensors(batch), strict=True):
            own.copy_(given, non_blocking=True)
        return self._repeat()


def _has_fixed_shapes(batch: TransitionBatch) -> bool:
    """Return whether all batches of its kind have one shape; those of sequences differ."""
    return all(isinstance(leaf, Tensor) for leaf in trees.leaves(batch.obs))


def _tensors(batch: TransitionBatch) -> list[Tensor]:
    rest = [batch.action, batch.reward, batch.discount, batch.weights]
    return [*trees.leaves(batch.obs), *trees.leaves(batch.next_obs), *rest]


def _report(packed: Tensor) -> Callable[[], Report]:
    """Return a function that waits for what an update reports; the copy is begun at once."""
    fetch = _fetch(packed)

    def read() -> Report:
        numbers = fetch()
        loss, q, norm, going = numbers[-4:].tolist()
        return Report(numbers[:-4], loss, q, norm, going == 1)

    return read


def _fetch(packed: Tensor) -> Callable[[], Tensor]:
    if packed.device.type != "cuda":
        kept = packed.clone()  # the next update may use the memory again
        return lambda: kept.cpu()
    here = torch.empty(packed.shape, dtype=packed.dtype, pin_memory=True)
    here.copy_(packed, non_blocking=True)
    done = torch.cuda.Event()  # type: ignore[no-untyped-call]
    done.record(torch.cuda.current_stream(packed.device))

    def wait() -> Tensor:
        done.synchronize()
        return here

    return wait
