"""RMSProp over one vector, with which DQN was published."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from dqn_fast.agent.optimizers.parameters import FlatParameters


class RMSProp:
    """Centred RMSProp (Graves, 2013), the optimiser of Mnih et al. (2015), by PyTorch's own class.

    A step is the gradient divided by the square root of its running variance plus `eps`. With momentum m,
    steps become 1 / (1 - m) times as long, unlike Adam's: a learning rate of 2.5e-4 with momentum 0.95, as
    for MinAtar, moves as far as 5e-3 without.

    Args:
        parameters: their `vector` moves against their `gradient`.
        eps: added to the denominator of the step, above 0.
        momentum: share of the last step that is repeated, from 0 to below 1.
        decay: per step, of the averages of the gradient and of its square.
    """

    def __init__(
        self, parameters: FlatParameters, *, eps: float = 0.01, momentum: float = 0.0, decay: float = 0.95
    ) -> None:
        self._parameters, self._vector = parameters, parameters.vector
        # In a CUDA graph all state is on the device, and the learning rate, too: of PyTorch's forms of the
        # step only this one does not look at it.
        in_graphs = parameters.vector.is_cuda
        self._form: dict[str, Any] = {"capturable": in_graphs, "foreach": True if in_graphs else None}
        self._optimizer = torch.optim.RMSprop(
            [parameters.vector],
            alpha=decay,
            eps=eps,
            momentum=momentum,
            centered=True,
            **self._form,
        )

    def step(self, learning_rate: float) -> None:
        """Make one step against the current gradient."""
        self._optimizer.param_groups[0]["lr"] = learning_rate
        # The first step makes the state, which others may go on with outside of inference mode.
        with torch.inference_mode(False), torch.no_grad():
            self._optimizer.step()

    def guarded_step(self, learning_rate: Tensor, going: Tensor) -> None:
        """Make one step where `going` is 1; see `Optimizer`."""
        before = [tensor.clone() for tensor in self._changed()]
        self._optimizer.param_groups[0]["lr"] = learning_rate
        self._optimizer.step()
        after = self._changed()
        before += [torch.zeros_like(tensor) for tensor in after[len(before) :]]  # the first step makes them
        for tensor, old in zip(after, before, strict=True):
            tensor.copy_(torch.where(going.bool(), tensor, old))

    def _changed(self) -> list[Tensor]:
        """Return what a step changes, apart from its count, which nothing depends on."""
        state = self._optimizer.state.get(self._vector, {})
        return [self._vector.detach(), *(value for name, value in state.items() if name != "step")]

    def state_dict(self) -> dict[str, Any]:
        """Return everything that changes from step to step."""
        return self._optimizer.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state`, which may be of another device.

        Raises:
            UsageError: if it is of another number of weights.
        """
        of_learning = self._parameters.of_learning
        moments = {
            number: {name: of_learning(one) if one.dim() else one for name, one in saved.items()}
            for number, saved in state["state"].items()
        }
        self._optimizer.load_state_dict({**state, "state": moments})
        self._optimizer.param_groups[0].update(self._form)
        for own in self._optimizer.state.values():
            own["step"] = own["step"].to(self._vector.device if self._form["capturable"] else "cpu")
