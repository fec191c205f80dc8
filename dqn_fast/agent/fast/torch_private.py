"""All that is used of PyTorch's private parts, each with a way by public PyTorch alone.

They may change or go with any version. The public way is taken where the private one is missing; the tests
run both.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

#: Versions of PyTorch that the agent's tests have passed with.
TESTED = ("2.4.1", "2.13.0", "2.14.1")

#: Makes one step of Adam with the learning rate that it is given.
AdamStep = Callable[[float], None]


def fused_adam(
    vector: Tensor,
    gradient: Tensor,
    average: Tensor,
    square: Tensor,
    steps: Tensor,
    betas: tuple[float, float],
    eps: float,
) -> AdamStep:
    """Return a step of Adam by the kernel below `torch.optim.Adam(..., fused=True)`.

    Args:
        vector: parameters, float32, changed in place by each step, as are the next three but the gradient.
        gradient: of the same shape; only read.
        average: decaying average of the gradient.
        square: decaying average of its square.
        steps: number of steps made, a float32 scalar.
        betas: decay per step of both averages.
        eps: added to the denominator of the step.
    """
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


def plain_adam(
    vector: Tensor,
    gradient: Tensor,
    average: Tensor,
    square: Tensor,
    steps: Tensor,
    betas: tuple[float, float],
    eps: float,
) -> AdamStep:
    """Return the same step by public functions; its last digits may differ. Arguments as `fused_adam`."""

    def step(learning_rate: float) -> None:
        steps.add_(1)
        count = steps.item()
        average.lerp_(gradient, 1 - betas[0])
        square.mul_(betas[1]).addcmul_(gradient, gradient, value=1 - betas[1])
        denominator = square.sqrt().div_(math.sqrt(1 - betas[1] ** count)).add_(eps)
        vector.addcdiv_(average, denominator, value=-learning_rate / (1 - betas[0] ** count))

    return step


def aten_relu_gradient(gradient: Tensor, outputs: Tensor) -> Tensor:
    """Return the gradient of a ReLU's inputs from that of its outputs, by autograd's own kernel."""
    before: Tensor = torch.ops.aten.threshold_backward(gradient, outputs, 0)
    return before


def plain_relu_gradient(gradient: Tensor, outputs: Tensor) -> Tensor:
    """Return the same, bit for bit, by public functions."""
    return gradient.masked_fill(outputs <= 0, 0)


def may_have_hooks(module: nn.Module) -> bool:
    """Return whether hooks of a module may change what it computes.

    PyTorch offers no question for it, so its attributes are looked through; if they are not what they were,
    the answer is True, and PyTorch runs everything.
    """
    attributes = vars(module)
    if "_forward_hooks" not in attributes:
        return True
    return any(hooks for name, hooks in attributes.items() if name.endswith("_hooks") and "state" not in name)


make_adam_step = fused_adam if hasattr(torch, "_fused_adam_") else plain_adam
relu_gradient = aten_relu_gradient if hasattr(torch.ops.aten, "threshold_backward") else plain_relu_gradient
