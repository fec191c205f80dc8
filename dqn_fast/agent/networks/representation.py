"""Representations: what a network's outputs for an action mean.

The network owns one. Whoever acts and the selectors of objectives ask for values through it, by
`QNetwork.values`; only an objective that is made for a representation knows more about the outputs.
"""

from __future__ import annotations

from typing import Protocol

from torch import Tensor


class Representation(Protocol):
    """Gives action values, which are compared and followed, from outputs, which are learned."""

    @property
    def outputs_per_action(self) -> int:
        """How many outputs a network has for each action, at least 1."""
        ...

    def values(self, outputs: Tensor) -> Tensor:
        """Return the value of each action, `(B, A)`.

        Args:
            outputs: of a network, `(B, A)` if `outputs_per_action` is 1, and `(B, A, outputs_per_action)`
                otherwise; only read.
        """
        ...


class Scalar:
    """One output per action, which is its value (Mnih et al., 2015)."""

    outputs_per_action = 1

    def values(self, outputs: Tensor) -> Tensor:
        """Return `outputs` itself, `(B, A)`."""
        return outputs


SCALAR = Scalar()
