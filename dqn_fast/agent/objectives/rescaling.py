"""Scales of values: what a network's action values stand for."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

_SLOPE = 1e-3


class Rescaling(Protocol):
    """An increasing function of values, and its inverse; the network learns the function's results."""

    def squeeze(self, value: Tensor) -> Tensor:
        """Return what the network learns for true values, in any shape."""
        ...

    def expand(self, squeezed: Tensor) -> Tensor:
        """Return the true values."""
        ...


class NoRescaling:
    """The network learns the values themselves."""

    def squeeze(self, value: Tensor) -> Tensor:
        """Return `value` itself."""
        return value

    def expand(self, squeezed: Tensor) -> Tensor:
        """Return `squeezed` itself."""
        return squeezed


class SquareRoot:
    """h(x) = sign(x) (√(|x| + 1) - 1) + 0.001 x, and its inverse (Pohlen et al., 2018; R2D2).

    One learning rate then suits returns of any size, and rewards need not be clipped.
    """

    def squeeze(self, value: Tensor) -> Tensor:
        """Return h(value)."""
        return value / ((value.abs() + 1).sqrt() + 1) + _SLOPE * value  # in this form nothing cancels near 0

    def expand(self, squeezed: Tensor) -> Tensor:
        """Return the value whose h is `squeezed`."""
        # √(|x| + 1) - 1 solves a quadratic equation, in the form that cancels nothing.
        size = squeezed.abs()
        root = 2 * size / (1 + 2 * _SLOPE + ((1 + 2 * _SLOPE) ** 2 + 4 * _SLOPE * size).sqrt())
        return squeezed.sign() * root * (root + 2)


NO_RESCALING = NoRescaling()
