"""Representations: what a network's outputs for an action mean.

Each network owns one. Policies and selectors get values through it, by `QNetwork.values`. Only an objective
made for a representation knows more about the outputs.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from torch import Tensor


class Representation(Protocol):
    """Turns outputs, which are learned, into action values, which are compared."""

    @property
    def outputs_per_action(self) -> int:
        """Outputs of a network for each action, at least 1."""
        ...

    def values(self, outputs: Tensor) -> Tensor:
        """Return the value of each action, `(B, A)`.

        Args:
            outputs: of a network, `(B, A)` if `outputs_per_action` is 1, and `(B, A, outputs_per_action)`
                otherwise; only read.
        """
        ...


@runtime_checkable
class SeveralHeads(Representation, Protocol):
    """A representation whose outputs, `(..., sum of sizes)`, come from heads of their own (see `Heads`)."""

    def head_sizes(self, num_actions: int) -> dict[str, int]:
        """Return the outputs of each head, by name.

        Heads with an output for each action come first, and the very first decides what is illegal.
        """
        ...


class Scalar:
    """The output of an action is its value (Mnih et al., 2015)."""

    outputs_per_action = 1

    def values(self, outputs: Tensor) -> Tensor:
        """Return `outputs` itself, `(B, A)`."""
        return outputs


SCALAR = Scalar()
