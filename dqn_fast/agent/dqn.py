"""The DQN agent: a policy that acts by the Q-network, which learns from batches (Mnih et al., 2015)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf, isfinite
from typing import Any, NamedTuple

import torch
from torch import Tensor

from dqn_fast.agent.batch_means import BatchMeans
from dqn_fast.agent.device_update import DeviceUpdate
from dqn_fast.agent.fast import FlushDenormals, make_differentiable
from dqn_fast.agent.networks.q_network import QNetwork
from dqn_fast.agent.not_finite import not_finite_error
from dqn_fast.agent.objectives.objective import Objective, TransitionBatch
from dqn_fast.agent.optimizers.optimizer import Optimizer
from dqn_fast.agent.optimizers.parameters import FlatParameters, shorten
from dqn_fast.agent.policy import Policy
from dqn_fast.agent.schedules import Schedule
from dqn_fast.agent.targets import Target
from dqn_fast.errors import NotFiniteError


class UpdateResult(NamedTuple):
    """What one learner update reports.

    Attributes:
        td_error: target - q of each row before the update, `(B,)` float32; to be read, since PyTorch lets
            nobody change what was made in inference mode.
        loss: weighted mean loss.
        q: mean value of the actions taken.
    """

    td_error: Tensor
    loss: float
    q: float


class DQN:
    """A deep Q-network agent composed of its parts.

    Args:
        q_net: the network that acts and learns.
        parameters: of `q_net`.
        target: the target network and how it follows `q_net`.
        optimizer: over `parameters`.
        objective: the loss of each transition.
        policy: acts, by `q_net`.
        learning_rate_schedule: learning rate at each environment step.
        max_grad_norm: largest 2-norm of the gradient of all parameters together; longer gradients are
            shortened to it. Infinity turns this off.
        repeats: on a GPU, record an update once and replay it (`DeviceUpdate`).

    Raises:
        ValueError: if `max_grad_norm` is not above 0.

    Attributes:
        device: of the network, and of the batches to learn from.
        updates: learner updates so far.
    """

    def __init__(
        self,
        q_net: QNetwork,
        parameters: FlatParameters,
        target: Target,
        optimizer: Optimizer,
        *,
        objective: Objective,
        policy: Policy,
        learning_rate_schedule: Schedule,
        max_grad_norm: float = inf,
        repeats: bool = False,
    ) -> None:
        if not max_grad_norm > 0:
            raise ValueError(f"max_grad_norm: got {max_grad_norm}, expected above 0")
        self.q_net = q_net
        self.parameters = parameters
        self.target = target
        self.optimizer = optimizer
        self.objective = objective
        self.policy = policy
        self.learning_rate_schedule = learning_rate_schedule
        self.max_grad_norm = max_grad_norm
        self.updates = 0
        self._values = make_differentiable(q_net)
        self._off = torch.no_grad if objective.uses_autograd else self._values.off
        self._target_values = make_differentiable(target.target_net)
        self.device = parameters.vector.device
        self._means = BatchMeans()
        self._on_device: DeviceUpdate | None = None
        if self.device.type != "cpu":
            self._on_device = DeviceUpdate(
                self._values,
                self._target_values,
                parameters,
                optimizer,
                objective=objective,
                max_grad_norm=max_grad_norm,
                repeats=repeats,
            )

    def begin(self, batch: TransitionBatch, step: int) -> Callable[[], UpdateResult]:
        """Begin a learner update; return a function that waits for it and returns what it found.

        On the CPU it is made at once. On a GPU it is only enqueued: whoever asks for its result later, when
        further updates are enqueued, does not keep the GPU waiting.

        Args:
            batch: B transitions on the agent's device; only read.
            step: environment step, for the learning rate.

        Raises:
            NotFiniteError: as `learn`. On a GPU the function that is returned raises it; updates that were
                begun in between change nothing, and do not count.
        """
        on_device = self._on_device
        if on_device is None:
            found = self.learn(batch, step)
            return lambda: found
        read = on_device.begin(batch, self.learning_rate_schedule(step))
        self.updates += 1
        self.q_net.version += 1
        self.target.update(self.updates, on_device.going)
        number = self.updates

        def result() -> UpdateResult:
            report, rows = read(), len(batch.weights)
            loss = report.loss / rows
            if not report.changed:
                self.updates = number - 1
                on_device.go_on()
                what, got = ("loss", loss) if not isfinite(loss) else ("gradient norm", report.norm)
                raise self._not_finite(what, got, batch, step)
            return UpdateResult(report.td_error, loss, report.q / rows)

        return result

    def learn(self, batch: TransitionBatch, step: int) -> UpdateResult:
        """Make one learner update from a batch of tensors, and wait for it.

        Args:
            batch: B transitions; only read.
            step: environment step, for the learning rate.

        Raises:
            NotFiniteError: if the loss is NaN or infinite, or the norm of the gradient is; the norm is
                checked only if `max_grad_norm` is finite. Weights, optimiser, target and `updates` do not
                change.
        """
        if self._on_device is not None:
            return self.begin(batch, step)()
        with self._off(), FlushDenormals():
            whole = self.objective.whole_heads
            asked = () if whole is None else (batch.action, whole)
            outputs, backward = self._values.trace(batch.obs, *asked)
            found = self.objective(outputs, batch, self._values, self._target_values)
            loss, q = self._means(found.loss, batch.weights, found.q)
            if not isfinite(loss):
                raise self._not_finite("loss", loss, batch, step)
            self.parameters.gradient.zero_()
            shares = batch.weights / outputs.shape[0]
            backward(found.gradient.mul_(shares.view(-1, *[1] * (outputs.dim() - 1))))
            if self.max_grad_norm < inf:
                norm = shorten(self.parameters.gradient, self.max_grad_norm)
                if not isfinite(norm):
                    raise self._not_finite("gradient norm", norm, batch, step)
            self.optimizer.step(self.learning_rate_schedule(step))
            self.updates += 1
            self.q_net.version += 1
            self.target.update(self.updates)
        return UpdateResult(found.td_error, loss, q)

    @torch.no_grad()
    def td_error(self, batch: TransitionBatch) -> Tensor:
        """Return target - q of each of B transitions, `(B,)`, without learning from them."""
        with FlushDenormals():
            whole, ask = self.objective.whole_heads, self._values
            outputs = ask(batch.obs) if whole is None else ask.at(batch.obs, batch.action, whole)
            return self.objective(outputs, batch, self._values, self._target_values).td_error

    def begin_with(self, weights: Mapping[str, Tensor]) -> None:
        """Take these weights before the first update: for the Q-network, and for the target alike.

        Args:
            weights: the `state_dict` of a network of equal layers.
        """
        self.q_net.load_state_dict(weights)
        target = self.target.target_net
        target.load_state_dict({name: weights[name] for name in target.state_dict()})

    def _not_finite(self, what: str, got: float, batch: TransitionBatch, step: int) -> NotFiniteError:
        weights = self.parameters.vector
        return not_finite_error(what, got, batch, weights, update=self.updates + 1, step=step)

    def __deepcopy__(self, memo: dict[int, Any]) -> DQN:
        """Raise TypeError: a copy would still act by the parameters of this agent."""
        raise TypeError(
            "deepcopy: got a DQN, expected its state_dict() to be loaded into one that is built alike"
        )

    def state_dict(self) -> dict[str, Any]:
        """Return everything that changes while the agent acts and learns."""
        return {
            "q_net": self.q_net.state_dict(),
            "target_net": self.target.target_net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "updates": self.updates,
            "policy": self.policy.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state`, taken from an agent of equal parts.

        A state of version 0.1.0 has no "policy"; what is in it now, "exploration", stands at its top level.
        """
        self.q_net.load_state_dict(state["q_net"])
        self.target.target_net.load_state_dict(state["target_net"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.updates = state["updates"]
        self.policy.load_state_dict(
            state["policy"] if "policy" in state else {"exploration": state["exploration"]}
        )
