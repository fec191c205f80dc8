"""Every use of PyTorch's private functions, each with a fallback that uses public ones.

Private functions may change or disappear with any version. The fallback runs where one is missing; the tests
run both.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

#: Versions of PyTorch that the agent's tests have passed with.
TESTED = ("2.4.1", "2.13.0", "2.14.1")

#: Makes one step of Adam with the given learning rate.
AdamStep = Callable[[float], None]


class AdamState(NamedTuple):
    """Everything that a step of Adam reads, and changes in place, except the gradient.

    Attributes:
        vector: parameters, float32.
        gradient: of the same shape; only read.
        average: decaying average of the gradient.
        square: decaying average of its square.
        steps: number of steps made, a float32 scalar.
    """

    vector: Tensor
    gradient: Tensor
    average: Tensor
    square: Tensor
    steps: Tensor


def fused_adam(state: AdamState, betas: tuple[float, float], eps: float) -> AdamStep:
    """Return a step of Adam by the kernel below `torch.optim.Adam(..., fused=True)`.

    Args:
        state: changed in place by each step.
        betas: decay per step of both averages.
        eps: added to the denominator of the step.
    """
    vector, gradient, average, square, steps = state
    lists: tuple[list[Tensor], ...] = ([vector], [gradient], [average], [square], [], [steps])

    def step(learning_rate: float) -> None:
        steps.add_(1)
        torch._fused_adam_(
            *lists,
            lr=learning_rate,
            beta1=betas[0],
            beta2=betas[1],
            weight_decay=0.0,
            eps=eps,
            amsgrad=False,
            maximize=False,
        )

    return step


def plain_adam(state: AdamState, betas: tuple[float, float], eps: float) -> AdamStep:
    """Return the step of `fused_adam` by public functions; its last digits may differ."""
    vector, gradient, average, square, steps = state

    def step(learning_rate: float) -> None:
        steps.add_(1)
        count = steps.item()
        average.lerp_(gradient, 1 - betas[0])
        square.mul_(betas[1]).addcmul_(gradient, gradient, value=1 - betas[1])
        denominator = square.sqrt().div_(math.sqrt(1 - betas[1] ** count)).add_(eps)
        vector.addcdiv_(average, denominator, value=-learning_rate / (1 - betas[0] ** count))

    return step


#: Makes one step of Adam with a learning rate on the device, where the second scalar is 1, and none where it
#: is 0.
GuardedAdamStep = Callable[[Tensor, Tensor], None]


def guarded_fused_adam(state: AdamState, betas: tuple[float, float], eps: float) -> GuardedAdamStep:
    """Return a step of `fused_adam` that does not look at any number, for a device."""
    vector, gradient, average, square, steps = state
    lists: tuple[list[Tensor], ...] = ([vector], [gradient], [average], [square], [], [steps])

    def step(learning_rate: Tensor, going: Tensor) -> None:
        steps.add_(going)
        torch._fused_adam_(
            *lists,
            lr=learning_rate,
            beta1=betas[0],
            beta2=betas[1],
            weight_decay=0.0,
            eps=eps,
            amsgrad=False,
            maximize=False,
            found_inf=1 - going,
        )

    return step


def guarded_plain_adam(state: AdamState, betas: tuple[float, float], eps: float) -> GuardedAdamStep:
    """Return the step of `guarded_fused_adam` by public functions, which wait for the device."""
    plain = plain_adam(state, betas, eps)

    def step(learning_rate: Tensor, going: Tensor) -> None:
        if going.item():
            plain(learning_rate.item())

    return step


def make_guarded_adam_step(state: AdamState, betas: tuple[float, float], eps: float) -> GuardedAdamStep:
    """Return a guarded step of Adam; on Apple's GPUs the kernel is not known to skip a step."""
    is_fused = hasattr(torch, "_fused_adam_") and state.vector.device.type != "mps"
    return (guarded_fused_adam if is_fused else guarded_plain_adam)(state, betas, eps)


def aten_relu_gradient(gradient: Tensor, outputs: Tensor) -> Tensor:
    """Return the gradient of a ReLU's inputs from the gradient of its outputs, by autograd's own kernel."""
    before: Tensor = torch.ops.aten.threshold_backward.default(gradient, outputs, 0)
    return before


def plain_relu_gradient(gradient: Tensor, outputs: Tensor) -> Tensor:
    """Return the gradient of `aten_relu_gradient`, bit for bit, by public functions."""
    return gradient.masked_fill(outputs <= 0, 0)


def may_have_hooks(module: nn.Module) -> bool:
    """Return whether hooks of a module may change what it computes.

    PyTorch has no function for this, so the attributes are searched. If they are not as in the tested
    versions, the answer is True, and PyTorch runs the module.
    """
    attributes = vars(module)
    if "_forward_hooks" not in attributes:
        return True
    return any(hooks for name, hooks in attributes.items() if name.endswith("_hooks") and "state" not in name)


make_adam_step = fused_adam if hasattr(torch, "_fused_adam_") else plain_adam
relu_gradient = aten_relu_gradient if hasattr(torch.ops.aten, "threshold_backward") else plain_relu_gradient
